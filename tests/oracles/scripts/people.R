# Single people at one wave: Welch, HC3, several contrasts together, ridits.
# Writes values: people
# Made with: R 4.2.2, sandwich 3.0.2, clubSandwich 0.5.8, multcomp 1.4.22, mvtnorm 1.1.3
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({
  library(sandwich); library(clubSandwich); library(mvtnorm); library(multcomp)
})
set.seed(20261130)

# --- Welch and HC3 on the simulated people with losses ------------------------------------
rows <- read_data("missing_people")
rows$arm <- relevel(factor(rows$arm), "usual")
pack <- rows$after[rows$arm == "pack"]
usual <- rows$after[rows$arm == "usual"]
welch <- t.test(pack, usual)
fit <- lm(after ~ arm + before + grade, rows)
hc3 <- vcovHC(fit, "HC3")
cr2 <- coef_test(fit, vcovCR(fit, cluster = rows$cluster[!is.na(rows$after)], type = "CR2"),
                 test = "Satterthwaite")["armpack", ]

# --- three arms (datasets::PlantGrowth), written out in the test --------------------------
plants <- datasets::PlantGrowth
each <- lapply(c("trt1", "trt2"), function(arm) {
  got <- t.test(plants$weight[plants$group == arm], plants$weight[plants$group == "ctrl"])
  list(effect = unname(diff(rev(got$estimate))), se = got$stderr, df = unname(got$parameter),
       p = got$p.value)
})
p <- vapply(each, function(one) one$p, 0)
spread <- tapply(plants$weight, plants$group, function(x) var(x) / length(x))
welch_correlation <- spread[["ctrl"]] /
  sqrt((spread[["ctrl"]] + spread[["trt1"]]) * (spread[["ctrl"]] + spread[["trt2"]]))

# Dunnett's contrasts of one linear model: single-step limits and p
dunnett <- glht(lm(weight ~ group, plants), linfct = mcp(group = "Dunnett"))
limits <- confint(dunnett, level = .95)
tests <- summary(dunnett)
quantile_of <- function(m, rho, df) {
  shape <- matrix(rho, m, m)
  diag(shape) <- 1
  qmvt(.95, corr = shape, df = df, tail = "both", abseps = 1e-8, maxpts = 1e6)$quantile
}

# --- ridits: midranks less a half, over n -------------------------------------------------
answers <- c(1, 1, 1, 2, 2, 2, 2, 3, 3, 4)

values <- list(
  welch = list(effect = unname(diff(rev(welch$estimate))), se = welch$stderr,
               df = unname(welch$parameter), low = welch$conf.int[1], high = welch$conf.int[2],
               n = sum(!is.na(c(pack, usual)))),
  adjusted = list(effect = unname(coef(fit)[["armpack"]]), se = sqrt(hc3["armpack", "armpack"]),
                  df = fit$df.residual, n = nobs(fit)),
  by_team = list(effect = cr2$beta, se = cr2$SE, df = cr2$df_Satt),
  contrasts = list(effects = vapply(each, function(one) one$effect, 0),
                   se = vapply(each, function(one) one$se, 0),
                   df = vapply(each, function(one) one$df, 0),
                   holm = p.adjust(p, "holm"), correlation = welch_correlation),
  dunnett = list(effects = unname(coef(dunnett)), se = unname(tests$test$sigma),
                 df = dunnett$df, quantile = attr(limits$confint, "calpha"),
                 p = as.vector(tests$test$pvalues)),
  quantiles = list(two = quantile_of(2, .5, 20), three = quantile_of(3, .5, 20),
                   four = quantile_of(4, .3, 8)),
  ridits = list(answers = answers, ridits = (rank(answers) - .5) / length(answers)),
  versions = versions_of(c("sandwich", "clubSandwich", "multcomp", "mvtnorm")))
write_values(values, "people")
