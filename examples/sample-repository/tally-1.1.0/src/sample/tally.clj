(ns sample.tally
  "Counts what comes along.")

(defn tally
  "A map from each item of a collection to how often it is there."
  [items]
  (frequencies items))

(defn ranking
  "Pairs of item and count, the most frequent first; those of one count in the order of their items."
  [items]
  (sort-by (fn [[item n]] [(- n) item]) (tally items)))
