# Two waves without a change between: limits of agreement, errors, reliable change. Several
# waves: reliability of a person's level and change.
# Writes values: retest_sai_XRAY waves_reliability_sai_VALE
# Made with: R 4.2.2, psych 2.2.9, psychTools 2.2.9, lme4 1.1.31
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(psych); library(psychTools)})

# --- two waves: formulas in base R ---------------------------------------------------------
both <- na.omit(read_data("sai_two_waves"))
a <- both$t1; b <- both$t2; d <- b - a
n <- length(d); m <- mean(d); s <- sd(d); t <- qt(.975, n - 1)
limits <- m + c(-1, 1) * 1.96 * s
limit_error <- sqrt(s^2 / n + 1.96^2 * s^2 / (2 * (n - 1)))
# exact two-sided tolerance limits (Carkeet 2015): noncentral t
exact <- function(p) qt(p, n - 1, ncp = 1.96 * sqrt(n)) / sqrt(n)
waves <- cbind(a, b)
people <- 2 * var(rowMeans(waves)); between <- n * var(colMeans(waves))
rest <- waves - rowMeans(waves) - rep(colMeans(waves), each = n) + mean(waves)
error <- sum(rest^2) / (n - 1)
agreement <- sqrt(max((between - error) / n, 0) + error)
population <- function(v) v * (n - 1) / n
paired <- t.test(b, a, paired = TRUE)
# alpha of the ten items at the first wave, from the answers themselves
calm <- c("calm", "secure", "at.ease", "rested", "comfortable", "confident", "relaxed",
          "content", "joyful", "pleasant")
xray <- psychTools::sai[psychTools::sai$study == "XRAY", ]
returned <- xray$id[xray$time == 2]
first <- xray[xray$time == 1 & xray$id %in% returned, calm]
reliability <- quietly(psych::alpha(na.omit(first), warnings = FALSE))$total$raw_alpha
unreliable <- sd(a) * sqrt(1 - reliability)
index <- d / (sqrt(2) * unreliable)
values <- list(
  n = n, pearson = cor(a, b), spearman = cor(a, b, method = "spearman"), bias = m,
  sd_diff = s, bias_ci = m + c(-1, 1) * t * s / sqrt(n), loa = limits,
  loa_se_bland_altman_1999 = limit_error,
  loa_lower_ci = limits[1] + c(-1, 1) * t * limit_error,
  loa_upper_ci = limits[2] + c(-1, 1) * t * limit_error,
  loa_upper_ci_exact_one_sided_95pct = m + s * c(exact(.025), exact(.975)),
  proportional_bias_slope = as.list(coef(summary(lm(d ~ I((a + b) / 2))))[2, ]),
  icc_a1 = (people - error) / (people + error + 2 * (between - error) / n),
  icc_c1 = (people - error) / (people + error),
  sem_consistency = sqrt(error), sem_agreement = agreement,
  sdc_agreement = 1.96 * sqrt(2) * agreement, sdc_from_sd_diff = 1.96 * s,
  ccc_lin = 2 * population(cov(a, b)) /
    (population(var(a) + var(b)) + (mean(a) - mean(b))^2),
  t_paired = list(t = paired$statistic, p = paired$p.value), cohen_dz = m / s,
  cohen_dav = m / sqrt((var(a) + var(b)) / 2), srm = m / s, es_baseline_sd = m / sd(a),
  reliability_used = reliability, sem_ctt = unreliable,
  mdc95_ctt = 1.96 * sqrt(2) * unreliable, rci_first20 = head(index, 20),
  rci_improved = mean(index > 1.96), rci_worse = mean(index < -1.96))
record("retest_sai_XRAY",
       "test-retest / pre-post: Bland-Altman, SEM, SDC, RCI, effect sizes", values,
       c("base R formulas: tests/oracles/scripts/retest.R", "columns t1 and t2; d = t2 - t1"),
       c("psych", "psychTools"), "sai_two_waves", c("t1", "t2"), n,
       paste("SD of a and b with n-1; Lin's CCC with divisor n;",
             "RCI = d/(sd(t1)*sqrt(2)*sqrt(1-rel)) (Jacobson & Truax 1991)"))

# --- four waves ---------------------------------------------------------------------------
long <- read_data("sai_four_waves")
long$id <- factor(long$id); long$time <- factor(long$time)
found <- quietly(psych::multilevel.reliability(
  long, grp = "id", Time = "time", items = calm, alpha = FALSE, icc = FALSE, aov = TRUE,
  lmer = FALSE, lme = FALSE, plot = FALSE))
table <- found$ANOVA
if (inherits(table, "summary.aov")) table <- table[[1]]
record("waves_reliability_sai_VALE",
       "person x item x time reliability over waves (Shrout & Lane 2012)",
       list(RkF = found$RkF, R1R = found$R1R, RkR = found$RkR, Rc = found$Rc,
            ANOVA = as.data.frame(unclass(table))),
       "psych::multilevel.reliability(d, grp, Time, items, aov=TRUE, lmer=FALSE)",
       c("psych", "lme4"), "sai_four_waves", calm, nrow(long),
       "RkF: average of k fixed waves; R1R: one random wave; RkR: mean over random waves; Rc: change")
