(ns sample.slate
  "Writes rows of text in columns."
  (:require [clojure.string :as string]))

(defn- pad [width text]
  (str text (apply str (repeat (- width (count text)) \space))))

(defn columns
  "The rows as one text, each column as wide as its widest cell. Cells are made text with str."
  [rows]
  (let [cells (map #(map str %) rows)
        widths (apply map (fn [& column] (apply max (map count column))) cells)]
    (->> cells
         (map #(string/trimr (string/join "  " (map pad widths %))))
         (string/join "\n"))))
