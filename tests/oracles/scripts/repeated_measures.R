# Mixed models for repeated measures: unstructured, Kenward-Roger and Satterthwaite.
# Writes values: repeated_measures
# Writes data: repeated_measures
# Made with: R 4.2.2, mmrm 0.3.18, emmeans 1.8.4.1, nlme 3.1.162
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({ library(mmrm); library(emmeans); library(nlme) })

# mmrm's artificial trial of lung function: one row a person and visit
rows <- data.frame(participant = fev_data$USUBJID, wave = fev_data$AVISIT, arm = fev_data$ARMCD,
                   sex = fev_data$SEX, before = fev_data$FEV1_BL, score = fev_data$FEV1)
rows <- write_data(rows, "repeated_measures", stringsAsFactors = TRUE)
rows$arm <- relevel(rows$arm, "PBO")
formula <- score ~ arm * wave + before * wave + sex + us(wave | participant)

# Where the covariance is unstructured, Kenward and Roger's own formula, linear in the
# variances, is what mmrm calls Kenward-Roger-Linear, and what SAS prints.
fits <- lapply(c(kenward_roger = "Kenward-Roger", satterthwaite = "Satterthwaite"), function(how) {
  linear <- if (how == "Kenward-Roger") "Kenward-Roger-Linear" else "Asymptotic"
  fit <- mmrm(formula, rows, method = how, vcov = linear, optimizer = "nlminb",
              optimizer_control = list(rel.tol = 1e-14, x.tol = 1e-12))
  means <- as.data.frame(emmeans(fit, ~ arm | wave))
  names <- names(coef(fit))
  effects <- lapply(levels(rows$wave), function(wave) {
    weights <- as.numeric(names == "armTRT" | names == paste0("armTRT:wave", wave))
    got <- df_1d(fit, weights)
    list(wave = wave, effect = got$est, se = got$se, df = got$df)
  })
  list(effects = effects, log_likelihood = as.numeric(logLik(fit)),
       covariance = unname(VarCorr(fit)),
       means = list(wave = means$wave, arm = means$arm, mean = means$emmean, se = means$SE,
                    df = means$df))
})

plain <- gls(score ~ arm * wave + before * wave + sex, rows, na.action = na.omit,
             correlation = corSymm(form = ~ as.integer(wave) | participant),
             weights = varIdent(form = ~ 1 | wave),
             control = glsControl(msMaxIter = 500, tolerance = 1e-12, msTol = 1e-12,
                                  maxIter = 500))
values <- list(mmrm = fits,
               people = length(unique(rows$participant[!is.na(rows$score)])),
               nlme = list(log_likelihood = as.numeric(logLik(plain)),
                           first = unname(coef(plain)[["armTRT"]])),
               versions = versions_of(c("mmrm", "emmeans", "nlme")))
write_values(values, "repeated_measures")
