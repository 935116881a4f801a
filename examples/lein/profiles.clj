;; The pattern also catches projects that name Clojars by another address.
{:user {:mirrors {#"clojars|https?://(repo\.)?clojars\.org.*"
                  {:name "clojars" :url "http://127.0.0.1:8470/clojars/"}}}}
