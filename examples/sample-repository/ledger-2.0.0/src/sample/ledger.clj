(ns sample.ledger
  "Sums up entries and shows them."
  (:require [sample.slate :as slate]
            [sample.tally :as tally]))

(defn balance
  "A map from each account to the sum of its entries, which are pairs of account and amount."
  [entries]
  (reduce (fn [sums [account amount]] (update sums account (fnil + 0) amount)) {} entries))

(defn report
  "The accounts as text, the busiest first: name, number of entries, balance."
  [entries]
  (let [sums (balance entries)]
    (slate/columns (for [[account n] (tally/ranking (map first entries))]
                     [account n (sums account)]))))
