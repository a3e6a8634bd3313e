# Limits of a standard deviation for any distribution: Bonett (2006), step by step.
# Writes values: skewed_scores
# Made with: R 4.2.2
source("tests/oracles/scripts/files.R")

scores <- c(0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 1, 0, 5, 0, 0, 9, 2, 0, 0, 1, 14, 0, 0)
n <- length(scores); z <- qnorm(.975)
middle <- mean(scores, trim = 1 / (2 * sqrt(n - 4)))
kurtosis <- n * sum((scores - middle)^4) / sum((scores - mean(scores))^2)^2
small <- n / (n - z)
se <- small * sqrt((kurtosis - (n - 3) / n) / (n - 1))
limits <- exp((log(small * var(scores)) + c(-1, 1) * z * se) / 2)
record("skewed_scores", "95 % limits of a standard deviation",
       list(scores = scores, deviation_limits = limits),
       "exp((log(c s^2) -+ z se) / 2)", "stats",
       note = "Bonett (2006), Computational Statistics & Data Analysis 50(3), 775-782")
