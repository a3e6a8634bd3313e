# Oracle values for analysis/outcomes/clustered. Run from the repository's root:
#   Rscript tests/oracles/scripts/clustered.R
# Writes tests/oracles/data/clustered_*.csv and tests/oracles/values/clustered.json.
suppressPackageStartupMessages({library(clubSandwich); library(jsonlite); library(lmerTest)})

folder <- "tests/oracles"
keep <- function(data, name) {
  file <- file.path(folder, "data", paste0("clustered_", name, ".csv"))
  write.csv(data, file, row.names = FALSE, na = "", quote = FALSE)
  read.csv(file)
}
robust <- function(model, clusters, names) {
  described <- function(type) {
    covariance <- vcovCR(model, cluster = clusters, type = type)
    test <- coef_test(model, vcov = covariance, test = "Satterthwaite")
    place <- match(names, rownames(test))
    list(estimate = test$beta[place], se = test$SE[place], df = test$df_Satt[place],
         p = test$p_Satt[place],
         covariance = as.matrix(covariance)[names, names, drop = FALSE])
  }
  list(names = names, CR0 = described("CR0"), CR1 = described("CR1"),
       CR2 = described("CR2"))
}

# --- legal drinking age and deaths, the example of clubSandwich's vignette ------------
data(MortalityRates, package = "clubSandwich")
deaths <- subset(MortalityRates, cause == "Motor Vehicle" & year <= 1983 &
                   !is.na(beertaxa) & !is.na(legal), c(state, year, legal, beertaxa, mrate))
deaths$mrate <- signif(deaths$mrate, 15)
deaths <- keep(deaths, "mortality")
explicit <- lm(mrate ~ 0 + legal + beertaxa + factor(state) + factor(year), deaths)

# --- simulated: unbalanced clusters, a cluster-level arm, a row-level covariate -------
set.seed(20261123)
sizes <- c(2, 3, 3, 5, 8, 13, 4, 6, 21, 9)
rows <- data.frame(cluster = rep(sprintf("t%02d", 1:10), sizes))
rows$arm <- as.integer(substr(rows$cluster, 2, 3) %in% c("01", "04", "06", "08"))
rows$site <- (match(rows$cluster, unique(rows$cluster)) - 1) %/% 4 + 1
rows$before <- round(rnorm(nrow(rows), 3, .8), 3)
rows$wave <- sample(0:1, nrow(rows), TRUE)
rows$after <- round(1 + .5 * rows$before + .4 * rows$arm +
  rnorm(10, 0, .4)[match(rows$cluster, unique(rows$cluster))] + rnorm(nrow(rows), 0, .7), 3)
rows$weight <- round(runif(nrow(rows), .3, 3), 3)
rows <- keep(rows, "unbalanced")
plain <- lm(after ~ arm + before, rows)
weighted <- lm(after ~ arm + before, rows, weights = weight)
fixed <- lm(after ~ 0 + factor(cluster) + before + wave, rows)
weighted_fixed <- lm(after ~ 0 + factor(site) + before + arm, rows, weights = weight)

values <- list(
  mortality = robust(explicit, deaths$state, c("legal", "beertaxa")),
  plain = robust(plain, rows$cluster, c("(Intercept)", "arm", "before")),
  weighted = robust(weighted, rows$cluster, c("(Intercept)", "arm", "before")),
  fixed = robust(fixed, rows$cluster, c("before", "wave")),
  weighted_fixed = robust(weighted_fixed, rows$cluster, c("before", "arm")))
contrast <- linear_contrast(plain, vcov = vcovCR(plain, cluster = rows$cluster, type = "CR2"),
                            contrasts = matrix(c(1, 1, 3), 1))
values$contrast <- list(estimate = contrast$Est, se = contrast$SE, df = contrast$df,
                        low = contrast$CI_L, high = contrast$CI_U)
write_json(values, file.path(folder, "values", "clustered.json"), digits = NA,
           auto_unbox = TRUE, pretty = TRUE)
