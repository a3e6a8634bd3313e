# Measurement invariance between groups and over waves.
# Writes values: invariance_holzinger_school invariance_bfi_agree_gender invariance_bfi_AC_gender
# Writes values: longinvariance_exLong_3waves
# Made with: R 4.2.2, lavaan 0.6.14, semTools 0.5.6
source("tests/oracles/scripts/files.R")
source("tests/oracles/scripts/factor_models.R")

side_by_side <- function(models) with_names(t(sapply(models, fit_of)))
compared <- function(models, steps) {
  found <- as.data.frame(suppressWarnings(do.call(lavTestLRT, unname(models))))[-1, ]
  data.frame(step = steps, chisq_diff = found[["Chisq diff"]], df_diff = found[["Df diff"]],
             p = found[["Pr(>Chisq)"]])
}

# --- groups -------------------------------------------------------------------------------
levels <- list(configural = "none", metric = "loadings",
               scalar = c("loadings", "intercepts"),
               strict = c("loadings", "intercepts", "residuals"))
moved <- function(models, measure) {
  found <- vapply(models, function(model) fit_of(model)[[measure]], 0)
  as.list(diff(found))
}
released <- function(model) {   # score tests of each constraint; parameters by their names
  found <- as.data.frame(lavTestScore(model)$uni)
  table <- parTable(model)
  named <- function(label) {
    row <- table[table$plabel == label, ]
    paste0(row$lhs, row$op, row$rhs, ".g", row$group)
  }
  data.frame(lhs = vapply(found$lhs, named, ""), op = found$op,
             rhs = vapply(found$rhs, named, ""), X2 = as.numeric(found$X2), df = found$df,
             p.value = as.numeric(found$p.value), row.names = NULL)
}
by_group <- function(model, rows, group, estimator) {
  models <- lapply(levels, function(equal) {
    cfa(model, rows, group = group, group.equal = equal, estimator = estimator,
        meanstructure = TRUE)
  })
  found <- list(
    fit = side_by_side(models),
    lrt = compared(models, c("metric-configural", "scalar-metric", "strict-scalar")),
    delta_cfi = moved(models, "cfi"), delta_rmsea = moved(models, "rmsea"),
    delta_srmr = moved(models, "srmr"), estimates_scalar = estimates_of(models$scalar),
    group_order = lavInspect(models$configural, "group.label"),
    n_by_group = lavInspect(models$configural, "nobs"))
  if (estimator == "ML") c(found, list(score_tests_scalar = released(models$scalar)))
  else c(found, list(delta_cfi_robust = moved(models, "cfi.robust")))
}
ordered_steps <- list(configural = "", thresholds = "thresholds",
                      metric = c("thresholds", "loadings"),
                      scalar = c("thresholds", "loadings", "intercepts"))
by_group_ordered <- function(model, rows, items, group) {
  models <- lapply(ordered_steps, function(equal) {
    semTools::measEq.syntax(
      model, data = rows, ordered = items, parameterization = "delta", ID.fac = "std.lv",
      ID.cat = "Wu.Estabrook.2016", group = group, group.equal = equal, return.fit = TRUE)
  })
  list(fit = side_by_side(models), lrt = compared(models, names(ordered_steps)[-1]))
}
invariance <- function(name, data, model, group, ordered = FALSE) {
  rows <- read_data(data)
  items <- intersect(lavNames(model, "ov"), names(rows))
  rows <- na.omit(rows[c(items, group)])
  values <- list(ML = by_group(model, rows, group, "ML"),
                 MLR = by_group(model, rows, group, "MLR"))
  if (ordered) values$WLSMV_WuEstabrook <- by_group_ordered(model, rows, items, group)
  calls <- c(
    paste0("model <- '", model, "'"),
    paste0("cfa(model, na.omit(d), group='", group, "', group.equal=..., ",
           "estimator='ML'|'MLR', meanstructure=TRUE); lavTestLRT(...)  ",
           "# MLR: Satorra-Bentler 2001 scaled difference"),
    if (ordered) paste("semTools::measEq.syntax(parameterization='delta', ID.fac='std.lv',",
                       "ID.cat='Wu.Estabrook.2016')"))
  record(paste0("invariance_", name), "multi-group measurement invariance", values, calls,
         c("lavaan", "semTools"), data, items, nrow(rows),
         paste("Complete cases. Marker-variable identification (first loading 1) for ML/MLR;",
               "latent means free in group 2 from scalar on."))
}
one <- "agree =~ A1 + A2 + A3 + A4 + A5"
invariance("holzinger_school", "holzinger",
           "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9", "school")
invariance("bfi_agree_gender", "bfi_AC_gender", one, "gender", ordered = TRUE)
invariance("bfi_AC_gender", "bfi_AC_gender",
           paste0(one, "\nconsc =~ C1 + C2 + C3 + C4 + C5"), "gender")

# --- waves: one factor, the residuals of the same item correlated over waves ---------------
waves <- lapply(1:3, function(wave) paste0("y", 1:3, "t", wave))
steps <- c("configural", "metric", "scalar", "strict")
over_waves <- function(step) {
  level <- match(step, steps) - 1
  count <- length(waves); k <- length(waves[[1]])
  equal <- function(from, labels) if (level >= from) labels else rep("", k)
  of_wave <- function(w) {
    items <- waves[[w]]
    loadings <- equal(1, c("", paste0("l", 2:k, "*")))
    c(paste0("F", w, " =~ ", paste0(loadings, items, collapse = " + ")),
      paste0(items, " ~ ", equal(2, paste0("i", 1:k, "*")), "1"),
      if (level >= 3) paste0(items, " ~~ e", 1:k, "*", items))
  }
  means <- if (level >= 2) c("F1 ~ 0*1", paste0("F", 2:count, " ~ NA*1"))
           else paste0("F", 1:count, " ~ 0*1")
  pairs <- combn(count, 2)
  together <- unlist(lapply(1:k, function(item) {
    apply(pairs, 2, function(w) paste0(waves[[w[1]]][item], " ~~ ", waves[[w[2]]][item]))
  }))
  paste(c(unlist(lapply(1:count, of_wave)), means, together), collapse = "\n")
}
longitudinal <- function(rows, estimator) {
  models <- lapply(setNames(steps, steps), function(step) {
    cfa(over_waves(step), rows, estimator = estimator, meanstructure = TRUE)
  })
  found <- as.data.frame(parameterEstimates(models$scalar))
  means <- found[found$op == "~1" & grepl("^F[0-9]", found$lhs), ]
  list(fit = side_by_side(models), lrt = compared(models, steps[-1]),
       latent_means_scalar = with_row_names(means[c("lhs", "est", "se", "pvalue")]),
       estimates_scalar = estimates_of(models$scalar))
}
rows <- na.omit(read_data("exlong")[unlist(waves)])
record("longinvariance_exLong_3waves",
       paste("longitudinal measurement invariance (one factor, same items over waves,",
             "correlated residuals)"),
       list(ML = longitudinal(rows, "ML"), MLR = longitudinal(rows, "MLR")),
       c(paste0("configural <- '", over_waves("configural"), "'"),
         paste0("scalar <- '", over_waves("scalar"), "'"),
         "cfa(model, na.omit(x), estimator, meanstructure=TRUE); lavTestLRT"),
       "lavaan", "exlong", unlist(waves), nrow(rows),
       paste("first loading fixed to 1 at every wave; scalar: intercepts equal, F1 mean 0,",
             "later means free"))
