# Items with gaps: means, covariances and alpha by likelihood; Little's test.
# Writes values: missing_small missing_holzinger_missing
# Made with: R 4.2.2, lavaan 0.6.14
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(lavaan))

# Little (1988), with means and covariances by maximum likelihood (divisor n).
little <- function(x, means, covariance) {
  seen <- !is.na(x)
  pattern <- apply(seen, 1, function(row) paste(as.integer(row), collapse = ""))
  d2 <- 0; df <- -ncol(x)
  for (one in unique(pattern)) {
    answered <- seen[match(one, pattern), ]
    if (!any(answered)) next
    of_it <- x[pattern == one, answered, drop = FALSE]
    off <- colMeans(of_it) - means[answered]
    d2 <- d2 + nrow(of_it) * drop(off %*% solve(covariance[answered, answered]) %*% off)
    df <- df + sum(answered)
  }
  list(n_patterns = length(unique(pattern)), little_d2 = d2, little_df = df,
       little_p = pchisq(d2, df, lower.tail = FALSE))
}
missing_answers <- function(name, data) {
  x <- read_data(data); k <- ncol(x)
  sample <- lavInspect(lavCor(x, missing = "fiml", output = "fit"), "sampstat")
  covariance <- sample$cov; class(covariance) <- "matrix"; means <- as.numeric(sample$mean)
  values <- c(
    list(fiml_mean = means, fiml_cov = with_names(covariance),
         alpha_fiml = k / (k - 1) * (1 - sum(diag(covariance)) / sum(covariance)),
         n_complete = sum(complete.cases(x))),
    little(x, means, covariance),
    list(missing_by_item = as.list(colSums(is.na(x)))))
  record(paste0("missing_", name),
         "missing item handling: FIML moments and alpha, Little's MCAR", values,
         c("lavCor(x, missing='fiml', output='fit') -> EM moments",
           "alpha on the FIML covariance (divisor n)",
           "Little (1988) d2 with the ML mean and covariance (divisor n)"),
         "lavaan", data, names(x), nrow(x),
         "lavCor(missing='fiml') uses the EM saturated moments")
}
missing_answers("small", "bfi_agreeableness_120")
missing_answers("holzinger_missing", "holzinger_missing")
