# Mixed models of lme4 and nlme: estimates, predictions, profiles.
# Writes values: mixed_models
# Writes data: mixed_sleepstudy mixed_pastes mixed_penicillin mixed_dyestuff2 mixed_sources
# Made with: R 4.2.2, lme4 1.1.31, lmerTest 3.1.3, nlme 3.1.162
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(lmerTest); library(nlme)})

sharp <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
fit <- function(formula, data, REML = TRUE)
  suppressMessages(lmerTest::lmer(formula, data, REML = REML, control = sharp))

describe <- function(m, group) {
  parts <- as.data.frame(VarCorr(m), order = "lower.tri")
  effects <- ranef(m, condVar = TRUE)[[group]]
  spread <- attr(effects, "postVar")
  if (is.list(spread)) spread <- spread[[1]]
  list(
    components = list(group = parts$grp, first = parts$var1, second = parts$var2,
                      value = parts$vcov),
    coefficients = unname(fixef(m)), covariance = as.matrix(vcov(m)),
    log_likelihood = as.numeric(logLik(m)),
    degrees = unname(coef(summary(m, ddf = "Satterthwaite"))[, "df"]),
    levels = rownames(effects), effects = as.matrix(effects),
    conditional = lapply(seq_len(nrow(effects)), function(i) spread[, , i]))
}

profile_limits <- function(m) {
  found <- suppressMessages(suppressWarnings(
    confint(m, method = "profile", oldNames = FALSE, devtol = 1e-7)))
  list(names = rownames(found), low = unname(found[, 1]), high = unname(found[, 2]))
}

# --- lme4's own data --------------------------------------------------------------
sleep <- write_data(lme4::sleepstudy, "mixed_sleepstudy")
pastes <- write_data(lme4::Pastes[c("strength", "batch", "cask")], "mixed_pastes")
penicillin <- write_data(lme4::Penicillin, "mixed_penicillin")
dyestuff2 <- write_data(lme4::Dyestuff2, "mixed_dyestuff2")
lecturers <- read_data("gtheory_instructors")

# --- three sources of ratings of the same staff --------------------------------------
set.seed(20261123)
covariance <- matrix(c(.20, .12, .08, .12, .25, .10, .08, .10, .15), 3)
true <- matrix(rnorm(120), 40) %*% chol(covariance)
sources <- do.call(rbind, lapply(1:40, function(i) {
  counts <- c(users = sample(3:11, 1), peers = sample(0:5, 1), managers = sample(1:2, 1))
  source <- rep(names(counts), counts)
  place <- match(source, names(counts))
  data.frame(staff = sprintf("s%02d", i), source,
             score = round(c(3.5, 3.8, 3.2)[place] + true[i, place] +
                             rnorm(length(place), 0, c(.9, .7, .5)[place]), 2))
}))
sources <- write_data(sources, "mixed_sources")
sources$source <- factor(sources$source)
together <- lme(score ~ 0 + source, random = ~ 0 + source | staff,
                weights = varIdent(form = ~ 1 | source), data = sources,
                # its other optimiser stops 2e-5 below the summit
                control = lmeControl(opt = "nlminb", maxIter = 1000, msMaxIter = 5000,
                                     msMaxEval = 20000, niterEM = 500, msTol = 1e-14,
                                     tolerance = 1e-14, returnObject = TRUE))
scales <- coef(together$modelStruct$varStruct, uncons = FALSE, allCoef = TRUE)

values <- list(
  sleepstudy_reml = describe(fit(Reaction ~ Days + (Days | Subject), sleep), "Subject"),
  sleepstudy_ml = describe(fit(Reaction ~ Days + (Days | Subject), sleep, FALSE), "Subject"),
  sleepstudy_intercept = describe(fit(Reaction ~ Days + (1 | Subject), sleep), "Subject"),
  pastes = describe(fit(strength ~ 1 + (1 | batch/cask), pastes), "cask:batch"),
  penicillin = describe(fit(diameter ~ 1 + (1 | plate) + (1 | sample), penicillin), "sample"),
  dyestuff2 = describe(fit(Yield ~ 1 + (1 | Batch), dyestuff2), "Batch"),
  instructors = describe(fit(y ~ service + (1 | d) + (1 | s), lecturers), "d"),
  # lme4 profiles the full likelihood, also where the fit was restricted
  profile_pastes = profile_limits(fit(strength ~ 1 + (1 | batch/cask), pastes, FALSE)),
  profile_penicillin = profile_limits(
    fit(diameter ~ 1 + (1 | plate) + (1 | sample), penicillin, FALSE)),
  sources = list(
    names = levels(sources$source), true = unclass(getVarCov(together))[1:3, 1:3],
    raters = unname((together$sigma * scales[levels(sources$source)])^2),
    means = unname(fixef(together)), log_likelihood = as.numeric(logLik(together))))

write_values(
  list(versions = versions_of(c("lme4", "lmerTest", "nlme")),
       note = "lmer with bobyqa, rhoend 1e-10; profiles of the full likelihood",
       values = values), "mixed_models")
