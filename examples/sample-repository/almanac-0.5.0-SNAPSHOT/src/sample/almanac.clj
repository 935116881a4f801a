(ns sample.almanac
  "What grows when."
  (:require [sample.ledger :as ledger]
            [sample.tally :as tally]))

(defn busiest-month
  "The month in which most is sown; entries are pairs of month and amount."
  [entries]
  (ffirst (tally/ranking (map first entries))))

(defn calendar
  "All months with something to sow, as text."
  [entries]
  (ledger/report entries))
