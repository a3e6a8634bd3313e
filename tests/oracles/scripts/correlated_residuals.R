# Confirmatory factor models in which pairs of residuals correlate.
# Writes values: correlated_residuals
# Made with: R 4.2.2, lavaan 0.6.14
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(lavaan))

three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
pairs <- paste0(three, "\nx7 ~~ x8\nx2 ~~ x9")
others <- paste0(three, "\nx1 ~~ x4\nx2 ~~ x7")
one <- "agree =~ A1 + A2 + A3 + A4 + A5\nA1 ~~ A2"
described <- function(model) {
  estimates <- parameterEstimates(model)
  standard <- standardizedSolution(model)
  pair <- with(estimates, op == "~~" & lhs != rhs & grepl("[0-9]$", lhs))
  loading <- estimates$op == "=~"
  fit <- fitMeasures(model)
  list(chi_square = fit[["chisq"]], df = fit[["df"]],
       scaled = if ("chisq.scaled" %in% names(fit)) fit[["chisq.scaled"]],
       residual_covariance = estimates$est[pair], standard_error = estimates$se[pair],
       residual_correlation = standard$est.std[pair],
       correlation_error = standard$se[pair],
       standardised_loading = standard$est.std[loading])
}
pupils <- read_data("holzinger")[paste0("x", 1:9)]
gaps <- read_data("holzinger_missing")[paste0("x", 1:9)]
agree <- read_data("bfi_agreeableness_1000")
record("correlated_residuals", "CFA with correlated residuals",
       list(ml = described(cfa(pairs, pupils, std.lv = TRUE)),
            mlr = described(cfa(pairs, pupils, std.lv = TRUE, estimator = "MLR")),
            fiml = described(cfa(others, gaps, std.lv = TRUE, missing = "fiml")),
            wlsmv = described(cfa(one, agree, std.lv = TRUE, ordered = TRUE))),
       c(pairs, others, one, "cfa(model, x, std.lv = TRUE)"), "lavaan", note =
         "ml, mlr: holzinger; fiml: holzinger_missing; wlsmv: bfi_agreeableness_1000")
