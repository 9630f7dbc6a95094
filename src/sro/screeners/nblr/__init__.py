"""The linear screener of the paper: n-grams, naive-Bayes weights, logistic regression."""
