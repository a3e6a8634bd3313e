# Generalisability studies: variance components, decision studies, predicted targets.
# Writes values: gtheory_nested_bhr2000_lead gtheory_nested_bhr2000_AF06
# Writes values: gtheory_nested_sim_clients_in_staff gtheory_nested_InstEval_dept2
# Writes values: gtheory_crossed_bfi_person_by_item gtheory_crossed_sim_staff_item_rater
# Writes values: gtheory_crossclassified_InstEval_dept2
# Made with: R 4.2.2, lme4 1.1.31, multilevel 2.7
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(lme4); library(multilevel)})

sharp <- function(...) lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10), ...)
variances <- function(model) {
  parts <- as.data.frame(VarCorr(model))
  as.list(setNames(parts$vcov, parts$grp))
}

# --- raters within targets, as many as there happen to be ----------------------------------
nested <- function(name, data, target, score, said = score) {
  rows <- read_data(data)
  y <- rows[[score]]
  g <- rows[[target]]; g <- factor(if (data == "gtheory_instructors") as.character(g) else g)
  sizes <- as.numeric(table(g)); N <- sum(sizes); a <- length(sizes)
  n0 <- (N - sum(sizes^2) / N) / (a - 1)
  means <- tapply(y, g, mean)
  between <- sum(sizes * (means - mean(y))^2) / (a - 1)
  within <- sum((y - means[g])^2) / (N - a)
  f <- between / within
  limit <- function(p) { f <- f / qf(p, a - 1, N - a); (f - 1) / (f + n0 - 1) }
  model <- lmer(y ~ 1 + (1 | g), REML = TRUE, control = sharp())
  part <- setNames(as.data.frame(VarCorr(model))$vcov, c("target", "residual"))
  full <- as.data.frame(VarCorr(update(model, REML = FALSE)))$vcov
  table <- aov(y ~ g)
  raters <- c(1, 2, 3, 5, 8, 10, 15, 20, 30, 50); wanted <- c(.6, .7, .8, .9)
  needed <- unname(wanted / (1 - wanted) * part[2] / part[1])
  limits <- quietly(confint(model, method = "profile", oldNames = FALSE))
  values <- list(
    n_targets = a, n_ratings = N, n0 = n0, harmonic_mean_n = a / sum(1 / sizes),
    MSB = between, MSW = within, F = f, anova_var_target = (between - within) / n0,
    anova_icc1_n0 = ((between - within) / n0) / ((between - within) / n0 + within),
    anova_icc1_F_ci_n0 = list(lower = limit(.975), upper = limit(.025)),
    multilevel_ICC1 = multilevel::ICC1(table), multilevel_ICC2 = multilevel::ICC2(table),
    reml = as.list(part), reml_mean = unname(fixef(model)),
    reml_logLik = as.numeric(logLik(model)), ml = list(target = full[1], residual = full[2]),
    icc_reml = unname(part[1] / sum(part)), sd_profile_ci = with_names(limits),
    D_study = list(n_raters = raters,
                   reliability_reml = unname(part[1] / (part[1] + part[2] / raters))),
    n_raters_needed = list(target = wanted, exact = needed, ceil = ceiling(needed)),
    per_target = list(target = levels(g), n = sizes, mean = unname(means),
                      reliability = unname(part[1] / (part[1] + part[2] / sizes)),
                      blup = ranef(model)$g[[1]], sem = unname(sqrt(part[2] / sizes))))
  record(
    paste0("gtheory_nested_", name),
    "G-study raters nested in targets (unbalanced), D-study", values,
    c("n0=(N-sum(ni^2)/N)/(a-1); ANOVA estimator", "lme4::lmer(y ~ 1 + (1|g), REML=TRUE)",
      "multilevel::ICC1/ICC2(aov(y ~ g))", "confint(lmer, method='profile')"),
    c("lme4", "multilevel"), data, n_rows = length(y),
    note = paste0("target column: ", target, "; score column: ", said,
                  ". multilevel::ICC1/ICC2 use the mean group size, not n0."))
}
nested("bhr2000_lead", "gtheory_teams", "GRP", "lead", "lead (mean of AF06..AS28)")
nested("bhr2000_AF06", "gtheory_teams", "GRP", "AF06")
nested("sim_clients_in_staff", "gtheory_clients_in_staff", "staff", "score")
nested("InstEval_dept2", "gtheory_instructors", "d", "y")

# --- everything crossed with everything ---------------------------------------------------
crossed <- function(name, data, values, calls, columns, n_rows) {
  record(paste0("gtheory_crossed_", name), "G-study fully crossed, D-study", values, calls,
         "lme4", data, n_rows = n_rows,
         note = paste0(columns, ", score=score. Negative ANOVA components are left negative in ",
                       "'var' and used as they are in the D-study numbers."))
}
few_levels <- sharp(check.nobs.vs.nlev = "ignore", check.nobs.vs.nRE = "ignore")

long <- read_data("gtheory_person_item")
d <- data.frame(p = factor(long$person), i = factor(long$item), y = long$score)
table <- summary(aov(y ~ p + i, d))[[1]]; ms <- table[["Mean Sq"]]
n_p <- nlevels(d$p); n_i <- nlevels(d$i); counts <- c(1, 2, 3, 5, 8, 10, 15, 20)
v <- list(p = (ms[1] - ms[3]) / n_i, i = (ms[2] - ms[3]) / n_p, pi_e = ms[3])
model <- lmer(y ~ 1 + (1 | p) + (1 | i), d, control = few_levels)
crossed(
  "bfi_person_by_item", "gtheory_person_item",
  list(balanced = all(table(d$p, d$i) == 1),
       anova = list(df = table$Df, SS = table[["Sum Sq"]], MS = ms, var = v,
                    g_coef_rel = v$p / (v$p + v$pi_e / counts),
                    phi_abs = v$p / (v$p + v$i / counts + v$pi_e / counts), n_prime = counts),
       reml = variances(model), reml_logLik = as.numeric(logLik(model))),
  c("aov(y ~ p + i)", "lmer(y ~ 1 + (1|p) + (1|i))"), "p=person, i=item", nrow(d))

long <- read_data("gtheory_staff_item_rater")
d <- data.frame(p = factor(long$staff), i = factor(long$item), o = factor(long$rater),
                y = long$score)
table <- summary(aov(y ~ p * i * o - p:i:o, d))[[1]]
ms <- as.list(setNames(table[["Mean Sq"]], trimws(rownames(table))))
n_p <- nlevels(d$p); n_i <- nlevels(d$i); n_o <- nlevels(d$o); e <- ms$Residuals
v <- list(p = (ms$p - ms$`p:i` - ms$`p:o` + e) / (n_i * n_o),
          i = (ms$i - ms$`p:i` - ms$`i:o` + e) / (n_p * n_o),
          o = (ms$o - ms$`p:o` - ms$`i:o` + e) / (n_p * n_i),
          pi = (ms$`p:i` - e) / n_o, po = (ms$`p:o` - e) / n_i, io = (ms$`i:o` - e) / n_p,
          pio_e = e)
study <- expand.grid(ni = c(1, 3, 5, 10), no = c(1, 2, 4))
relative <- v$pi / study$ni + v$po / study$no + v$pio_e / (study$ni * study$no)
absolute <- relative + v$i / study$ni + v$o / study$no + v$io / (study$ni * study$no)
study$rel <- v$p / (v$p + relative)
study$abs <- v$p / (v$p + absolute)
model <- lmer(y ~ 1 + (1 | p) + (1 | i) + (1 | o) + (1 | p:i) + (1 | p:o) + (1 | i:o), d,
              control = few_levels)
crossed(
  "sim_staff_item_rater", "gtheory_staff_item_rater",
  list(balanced = all(table(d$p, d$i, d$o) == 1),
       anova = list(df = table$Df, MS = ms, var = v, D_study = study),
       reml = variances(model), reml_logLik = as.numeric(logLik(model)),
       singular = isSingular(model)),
  c("aov(y ~ p*i*o - p:i:o)", "lmer(y ~ 1+(1|p)+(1|i)+(1|o)+(1|p:i)+(1|p:o)+(1|i:o))"),
  "p=staff, i=item, o=rater", nrow(d))

# --- raters who rate several targets, not all ---------------------------------------------
long <- read_data("gtheory_instructors")
d <- data.frame(t = factor(long$d), r = factor(long$s), y = long$y)
model <- lmer(y ~ 1 + (1 | t) + (1 | r), d, control = sharp())
v <- variances(model); counts <- c(1, 2, 5, 10, 20, 30, 50)
record(
  "gtheory_crossclassified_InstEval_dept2", "sparse cross-classified ratings (lme4 REML)",
  list(reml = v, intercept = unname(fixef(model)), intercept_se = sqrt(vcov(model)[1, 1]),
       logLik = as.numeric(logLik(model)), n_obs = nrow(d), n_targets = nlevels(d$t),
       n_raters = nlevels(d$r),
       D_study_nested_raters = list(n = counts,
                                    abs = v$t / (v$t + (v$r + v$Residual) / counts),
                                    rel_crossed = v$t / (v$t + v$Residual / counts)),
       blup_targets = list(id = rownames(ranef(model)$t), blup = ranef(model)$t[[1]])),
  "lmer(y ~ 1 + (1|target) + (1|rater), REML=TRUE)", "lme4", "gtheory_instructors",
  n_rows = nrow(d), note = "target=d rater=s y=y")
