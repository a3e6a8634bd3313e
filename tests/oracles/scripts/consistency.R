# Cronbach's alpha with its item statistics, and the omega of one factor with its limits.
# Writes values: alpha_attitude alpha_bfi_agree_pairwise alpha_bfi_agree_listwise
# Writes values: alpha_bfi_consc_pairwise alpha_small_missing_pairwise alpha_small_missing_listwise
# Writes values: omega_cfa_attitude omega_cfa_bfi_agree omega_cfa_small_missing
# Writes values: cfa_omega_bfi_agree cfa_omega_small_missing
# Made with: R 4.2.2, psych 2.2.9, lavaan 0.6.14
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(lavaan)})

agreeable <- read_data("bfi_agreeableness")
few <- read_data("bfi_agreeableness_120")
conscientious <- read_data("bfi_AC_raw")[paste0("C", 1:5)]
conscientious[c("C4", "C5")] <- 7 - conscientious[c("C4", "C5")]

# --- alpha --------------------------------------------------------------------------------
# Standard error free of a distribution (Maydeu-Olivares, Coffman & Hartmann 2007), complete
# rows: `slope` is the derivative of alpha by each covariance.
free_error <- function(x) {
  x <- as.matrix(x); n <- nrow(x); k <- ncol(x)
  covariance <- cov(x); total <- sum(covariance); own <- sum(diag(covariance))
  slope <- matrix(k / (k - 1) * own / total^2, k, k)
  diag(slope) <- -k / (k - 1) * (total - own) / total^2
  moves <- apply(scale(x, TRUE, FALSE), 1, function(row) sum(slope * tcrossprod(row)))
  sqrt(sum((moves - mean(moves))^2) / (n - 1) / n)
}
feldt <- function(alpha, n, k) {
  limit <- function(p) 1 - (1 - alpha) * qf(p, n - 1, (n - 1) * (k - 1))
  list(n = n, lower = limit(.975), upper = limit(.025), lower90 = limit(.95),
       upper90 = limit(.05))
}
share_at <- function(x, end) {   # the lowest or highest answer given to any of the items
  lapply(x, function(v) mean(v == end(x, na.rm = TRUE), na.rm = TRUE) * 100)
}
alphas <- function(x, use) {
  found <- quietly(psych::alpha(x, use = use, check.keys = FALSE, warnings = FALSE))
  complete <- na.omit(x); k <- ncol(x)
  n <- if (use == "complete.obs") nrow(complete) else nrow(x)
  limits <- psych::alpha.ci(found$total$raw_alpha, n.obs = n, n.var = k)
  within <- cov(complete)
  list(
    total = as.list(found$total), feldt_ci_own_formula = feldt(found$total$raw_alpha, n, k),
    psych_alpha.ci = unclass(limits)[c("lower.ci", "alpha", "upper.ci")],
    alpha_drop = with_row_names(found$alpha.drop),
    item_stats = with_row_names(found$item.stats),
    response_freq = if (!is.null(found$response.freq)) with_names(found$response.freq),
    unidim = as.list(found$Unidim), var_r = found$var.r,
    adf_se_complete = free_error(complete),
    alpha_complete = k / (k - 1) * (1 - sum(diag(within)) / sum(within)),
    n_complete = nrow(complete),
    cov_used = with_names(cov(x, use = if (use == "pairwise") "pairwise" else use)),
    floor_pct = share_at(x, min), ceiling_pct = share_at(x, max))
}
tests_read <- function(found) {   # what the tests read of a set without missing pairs
  found$total <- found$total[c("raw_alpha", "average_r")]
  found$alpha_drop <- found$alpha_drop["raw_alpha"]
  found$item_stats <- found$item_stats[c("n", "r.drop", "mean", "sd")]
  found[c("total", "feldt_ci_own_formula", "alpha_drop", "item_stats", "cov_used",
          "floor_pct", "ceiling_pct")]
}
totals <- function(found) found[c("total", "feldt_ci_own_formula", "adf_se_complete",
                                  "alpha_complete", "n_complete")]
alpha <- function(name, data, x, use, kept, note = "") {
  calls <- c(
    sprintf("psych::alpha(x, use='%s', check.keys=FALSE)", use),
    "psych::alpha.ci(alpha, n.obs, n.var)", "Feldt: 1-(1-alpha)*qf(p, n-1, (n-1)(k-1))",
    "ADF SE: sqrt(var(sum_ij d_ij z_i z_j)/n), d = gradient of alpha wrt the covariance matrix")
  record(paste0("alpha_", name), "Cronbach alpha family, item analysis", kept(alphas(x, use)),
         calls, "psych", data, names(x), nrow(x), note)
}
attitude_rows <- read_data("attitude")
alpha("attitude", "attitude", attitude_rows, "pairwise", tests_read)
alpha("bfi_agree_pairwise", "bfi_agreeableness", agreeable, "pairwise", identity)
alpha("bfi_agree_listwise", "bfi_agreeableness", agreeable, "complete.obs", tests_read)
alpha("bfi_consc_pairwise", "bfi_AC_raw", conscientious, "pairwise", totals,
      "C4 and C5 are reversed (7 - x) before use")
alpha("small_missing_pairwise", "bfi_agreeableness_120", few, "pairwise", identity)
alpha("small_missing_listwise", "bfi_agreeableness_120", few, "complete.obs", tests_read)

# --- omega of one factor ------------------------------------------------------------------
one_factor <- function(items) {
  loadings <- paste0("l", seq_along(items)); errors <- paste0("e", seq_along(items))
  common <- paste0("(", paste(loadings, collapse = "+"), ")^2")
  paste0("f =~ ", paste0(loadings, "*", items, collapse = " + "), "\n",
         paste0(items, " ~~ ", errors, "*", items, collapse = "\n"), "\nomega := ", common,
         " / (", common, " + ", paste(errors, collapse = "+"), ")")
}
fitted_omega <- function(x, ...) {
  fit <- cfa(one_factor(names(x)), x, std.lv = TRUE, ...)
  found <- as.data.frame(parameterEstimates(fit))
  omega <- found[found$op == ":=", c("est", "se", "ci.lower", "ci.upper")]
  c(as.list(omega), list(
    loadings = found$est[found$op == "=~"],
    residual_variances = found$est[found$op == "~~" & found$lhs %in% names(x)],
    chisq = fitMeasures(fit, "chisq"), df = fitMeasures(fit, "df")))
}
omega <- function(name, data, x, values) {
  calls <- c(
    one_factor(names(x)),
    "cfa(m, na.omit(x), std.lv=TRUE, estimator='ML' | 'MLR'); missing='fiml' where x has NA")
  record(name, "unidimensional omega (model-implied denominator), delta-method SE and Wald CI",
         values, calls, "lavaan", data, names(x), nrow(x))
}
of_complete <- function(name, data, x) {
  omega(paste0("omega_cfa_", name), data, x,
        list(ML = fitted_omega(na.omit(x), estimator = "ML")))
}
by_likelihood <- function(name, data, x) {
  kept <- c("est", "se", "ci.lower", "ci.upper", "loadings")
  values <- list(
    ML = fitted_omega(na.omit(x), estimator = "ML"),
    MLR = fitted_omega(na.omit(x), estimator = "MLR"),
    FIML_ML = fitted_omega(x, estimator = "ML", missing = "fiml"),
    FIML_MLR = fitted_omega(x, estimator = "MLR", missing = "fiml"))
  omega(paste0("cfa_omega_", name), data, x, lapply(values, `[`, kept))
}
of_complete("attitude", "attitude", attitude_rows)
of_complete("bfi_agree", "bfi_agreeableness", agreeable)
of_complete("small_missing", "bfi_agreeableness_120", few)
by_likelihood("bfi_agree", "bfi_agreeableness", agreeable)
by_likelihood("small_missing", "bfi_agreeableness_120", few)
