# How many factors, exploratory factors, and hierarchical omega by Schmid and Leiman.
# Writes values: dimensionality_attitude dimensionality_bfi_AC10 dimensionality_holzinger
# Writes values: omega_efa_attitude omega_efa_bfi_AC10
# Made with: R 4.2.2, psych 2.2.9, GPArotation 2022.10.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(GPArotation)})

attitude_rows <- read_data("attitude")
ten <- read_data("bfi_AC_raw")
ten[c("A1", "C4", "C5")] <- 7 - ten[c("A1", "C4", "C5")]
pupils <- read_data("holzinger")[paste0("x", 1:9)]

# --- dimensions and factors ---------------------------------------------------------------
# Velicer's average partial correlations: squared (1976) or to the fourth power (2000).
partial <- function(r, power) {
  own <- eigen(r)
  left <- function(m) {
    if (m == 0) return(r)
    loadings <- own$vectors[, 1:m, drop = FALSE] %*% diag(sqrt(own$values[1:m]), m)
    rest <- r - loadings %*% t(loadings)
    scale <- diag(1 / sqrt(diag(rest)))
    scale %*% rest %*% scale
  }
  sapply(0:(ncol(r) - 2), function(m) { p <- left(m); mean(p[lower.tri(p)]^power) })
}
parallel <- function(x) {
  set.seed(1)
  found <- quietly(psych::fa.parallel(x, plot = FALSE, n.iter = 500, SMC = FALSE, fa = "both",
                                      sim = TRUE))
  list(n_iter = 500, seed = 1, observed_pc = found$pc.values, observed_fa = found$fa.values,
       sim_mean_pc = found$pc.sim, sim_mean_fa = found$fa.sim, nfact = found$nfact,
       ncomp = found$ncomp)
}
factors <- function(x, count, method, rotation) {
  found <- quietly(psych::fa(x, count, fm = method, rotate = rotation, n.obs = nrow(x)))
  list(loadings = with_names(found$loadings),
       Phi = if (!is.null(found$Phi)) with_names(found$Phi),
       communality = as.list(found$communality), uniqueness = as.list(found$uniquenesses),
       chi = found$STATISTIC, dof = found$dof, pval = found$PVAL, TLI = found$TLI,
       rms = found$rms, RMSEA = as.list(found$RMSEA))
}
by_likelihood <- function(x, count) {
  found <- factanal(x, count, rotation = "none")
  list(loadings = with_names(found$loadings), uniq = as.list(found$uniquenesses),
       stat = found$STATISTIC, dof = found$dof, p = found$PVAL)
}
dimensions <- function(name, data, x, count) {
  x <- na.omit(x); r <- cor(x)
  suited <- psych::KMO(r); sphere <- psych::cortest.bartlett(r, nrow(x))
  asked <- expand.grid(rotation = c("none", "varimax", "oblimin", "promax"),
                       method = c("minres", "ml"), stringsAsFactors = FALSE)
  explored <- Map(function(method, rotation) factors(x, count, method, rotation),
                  asked$method, asked$rotation)
  values <- list(
    KMO_overall = suited$MSA, KMO_items = as.list(suited$MSAi),
    bartlett = list(chisq = sphere$chisq, p = sphere$p.value, df = sphere$df),
    MAP_1976 = partial(r, 2), MAP_2000_fourth_power = partial(r, 4), parallel = parallel(x),
    efa_nfactors = count, factanal_ml_none = by_likelihood(x, count),
    efa = setNames(explored, paste(asked$method, asked$rotation, sep = "_")))
  record(
    paste0("dimensionality_", name), "KMO, Bartlett, MAP, parallel analysis, EFA", values,
    c("psych::KMO(R); psych::cortest.bartlett(R, n)",
      "set.seed(1); psych::fa.parallel(x, n.iter=500)",
      "psych::fa(x, nfactors, fm, rotate)", "stats::factanal(x, nfactors, rotation)"),
    c("psych", "GPArotation"), data, names(x), nrow(x),
    paste("Complete cases. Loadings are defined up to column order and sign; psych rotates",
          "'promax' with m=4 after varimax (Kaiser-normalised), oblimin gamma=0 without",
          "Kaiser normalisation."))
}
dimensions("holzinger", "holzinger", pupils, 3)
dimensions("bfi_AC10", "bfi_AC_raw", ten, 2)
dimensions("attitude", "attitude", attitude_rows, 2)

# --- hierarchical omega -------------------------------------------------------------------
hierarchical <- function(x, count, method) {
  found <- quietly(psych::omega(x, nfactors = count, fm = method, plot = FALSE, digits = 17))
  list(omega_h = found$omega_h, omega_lim = found$omega.lim, omega_tot = found$omega.tot,
       schmid_sl = with_names(found$schmid$sl), ECV = as.list(found$ECV))
}
omegas <- function(name, data, x) {
  x <- na.omit(x)
  asked <- expand.grid(count = 1:3, method = c("minres", "ml"), stringsAsFactors = FALSE)
  values <- Map(function(count, method) hierarchical(x, count, method), asked$count,
                asked$method)
  record(paste0("omega_efa_", name), "omega hierarchical / total by Schmid-Leiman",
         setNames(values, paste(asked$method, asked$count, sep = "_")),
         paste("psych::omega(na.omit(x), nfactors=k, fm=f, plot=FALSE)  ",
               "# rotate='oblimin', key flipped"),
         c("psych", "GPArotation"), data, names(x), nrow(x),
         "2-factor solutions use option='equal'; flip=TRUE. Complete cases.")
}
omegas("attitude", "attitude", attitude_rows)
omegas("bfi_AC10", "bfi_AC_raw", ten)
