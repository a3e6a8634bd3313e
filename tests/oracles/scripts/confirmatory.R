# Confirmatory factor models: estimates, standard errors, fit, reliability by the model.
# Writes values: cfa_holzinger cfa_holzinger_missing cfa_holzinger_second_order cfa_bfi_AC10
# Writes values: cfa_bfi_agree1000_one_factor
# Made with: R 4.2.2, lavaan 0.6.14, semTools 0.5.6
source("tests/oracles/scripts/files.R")
source("tests/oracles/scripts/factor_models.R")

three <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
two <- "agree =~ A1 + A2 + A3 + A4 + A5\nconsc =~ C1 + C2 + C3 + C4 + C5"
one <- "agree =~ A1 + A2 + A3 + A4 + A5"

described <- function(model) {
  list(nobs = lavInspect(model, "ntotal"), fit = as.list(fit_of(model)),
       estimates = estimates_of(model),
       compRelSEM_obs.var_FALSE = as.list(unclass(semTools::compRelSEM(model, obs.var = FALSE))),
       AVE = as.list(unclass(semTools::AVE(model))))
}
# The call of each estimator, as it is run and as it is written down.
calls <- list(
  ML = quote(cfa(model, na.omit(x), std.lv = FALSE)),
  ML_stdlv = quote(cfa(model, na.omit(x), std.lv = TRUE)),
  MLR = quote(cfa(model, na.omit(x), estimator = "MLR")),
  WLSMV = quote(cfa(model, na.omit(x), ordered = TRUE, std.lv = TRUE)),
  FIML = quote(cfa(model, x, missing = "fiml")),
  FIML_MLR = quote(cfa(model, x, missing = "fiml", estimator = "MLR")))
complete <- c("ML", "ML_stdlv", "MLR")
gaps <- c("FIML", "FIML_MLR")
confirm <- function(name, data, model, estimators) {
  x <- read_data(data)
  x <- x[intersect(lavNames(model, "ov"), names(x))]
  values <- lapply(calls[estimators], function(call) {
    described(suppressWarnings(eval(call, list(model = model, x = x))))
  })
  written <- paste0(estimators, ": ", vapply(calls[estimators], deparse, ""))
  record(
    paste0("cfa_", name),
    "confirmatory factor analysis: estimates, fit, model-based reliability", values,
    c(paste0("model <- '", model, "'"), written,
      "fitMeasures(), parameterEstimates(), standardizedSolution(), compRelSEM(), AVE()"),
    c("lavaan", "semTools"), data, names(x), nrow(x),
    paste("ML uses likelihood='normal' (covariances /n). ordered=TRUE: WLSMV, two-step",
          "polychoric. obs.var=FALSE: the denominator is the variance the model implies."))
}
confirm("holzinger", "holzinger", three, complete)
confirm("holzinger_missing", "holzinger_missing", three, c(complete, gaps))
confirm("bfi_AC10", "bfi_AC_gender", two, c(complete, "WLSMV", gaps))
confirm("bfi_agree1000_one_factor", "bfi_agreeableness_1000", one, c(complete, "WLSMV"))

# --- a factor of factors ------------------------------------------------------------------
pupils <- read_data("holzinger")[paste0("x", 1:9)]
higher <- paste0(three, "\ng =~ visual + textual + speed")
fit <- cfa(higher, pupils, std.lv = TRUE)
parts <- lavInspect(fit, "est")
through <- rowSums(parts$lambda %*% parts$beta)   # of each item by the factor g, variance 1
record(
  "cfa_holzinger_second_order", "second-order CFA, omega of the second-order factor",
  list(fit = as.list(fit_of(fit)), estimates = estimates_of(fit),
       omega_implied = sum(through)^2 / sum(fitted(fit)$cov)),
  c(higher, paste("cfa(model, x, std.lv=TRUE); omega: the items' loadings by way of g, summed",
                  "and squared, over the sum of the implied covariances")),
  c("lavaan", "semTools"), "holzinger", names(pupils), nrow(pupils))
