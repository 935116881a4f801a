(ns sample.tally
  "Counts what comes along.")

(defn tally
  "A map from each item of a collection to how often it is there."
  [items]
  (frequencies items))
