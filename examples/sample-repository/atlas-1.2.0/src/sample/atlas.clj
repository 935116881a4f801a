(ns sample.atlas
  "Heights of a country that is not there: a grid of 2048 by 1536 points, two bytes each."
  (:require [clojure.java.io :as io]
            [sample.ledger :as ledger])
  (:import (java.io DataInputStream)))

(def width 2048)

(defn row
  "The heights along one parallel, counted from the north, in decimetres."
  [y]
  (with-open [in (DataInputStream. (io/input-stream (io/resource "sample/atlas/heights.bin")))]
    (.skipBytes in (* 2 width y))
    (vec (repeatedly width #(.readUnsignedShort in)))))

(defn profile
  "What is how high along one parallel, as text: lowland, hills and mountains."
  [y]
  (ledger/report (for [height (row y)]
                   [(cond (< height 2000) "lowland" (< height 10000) "hills" :else "mountains")
                    height])))
