# Waves linked in part, responders, then-tests, ordered answers, smallest changes that count.
# Writes values: beyond_means
# Made with: R 4.2.2, MASS 7.3.58.2, ordinal 2022.11.16, sandwich 3.0.2
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages({library(MASS); library(ordinal)})
teams <- read_data("outcomes_teams")
interval <- function(v, limits) unname(c(v, limits))

# --- waves ----------------------------------------------------------------------
derrick <- function(x1, x2, nc, r) {   # Derrick and others (2017), unequal variances
  n1 <- length(x1); n2 <- length(x2); na <- n1 - nc; nb <- n2 - nc
  se <- sqrt(var(x1) / n1 + var(x2) / n2 - 2 * r * sd(x1) * sd(x2) * nc / (n1 * n2))
  g <- (var(x1) / n1 + var(x2) / n2)^2 /
    ((var(x1) / n1)^2 / (n1 - 1) + (var(x2) / n2)^2 / (n2 - 1))
  df <- (nc - 1) + (g - nc + 1) / (na + nb + 2 * nc) * (na + nb)
  d <- mean(x2) - mean(x1)
  list(interval = interval(d, d + c(-1, 1) * qt(.975, df) * se), p = 2 * pt(-abs(d / se), df))
}
b <- teams$before; a <- teams$after
both <- !is.na(b) & !is.na(a); nb <- b[!is.na(b)]; na_ <- a[!is.na(a)]
# A third of the links are lost, so that all three groups have members.
linked <- both & seq_along(b) %% 3 != 0
r <- cor.test(b[linked], a[linked])
mixed <- derrick(nb, na_, sum(linked), unname(r$estimate))
pair <- t.test(a[linked], b[linked], paired = TRUE)
rest <- t.test(a[!linked & !is.na(a)], b[!linked & !is.na(b)])
waves <- list(
  overlapping = list(
    mean_change_linked = interval(pair$estimate, pair$conf.int),
    mean_change_unlinked = interval(rest$estimate[1] - rest$estimate[2], rest$conf.int),
    mean_change_everybody = mixed$interval, p_value_everybody = mixed$p,
    pre_post_correlation = interval(r$estimate, r$conf.int)),
  welch = interval(mean(na_) - mean(nb), t.test(na_, nb)$conf.int),
  paired = interval(mean((a - b)[both]), t.test(a[both], b[both], paired = TRUE)$conf.int),
  bounds = lapply(seq(0, .9, .1), function(r)
    derrick(nb, na_, if (r == 0) 0 else min(length(nb), length(na_)), r)$interval))

# --- responders -----------------------------------------------------------------
rci <- function(rel) {
  needed <- 1.96 * sqrt(2) * sd(b[both]) * sqrt(1 - rel)
  ch <- (a - b)[both]; n <- length(ch)
  one <- function(k) interval(k / n, prop.test(k, n, correct = FALSE)$conf.int)
  k <- c(sum(ch > needed), sum(abs(ch) <= needed), sum(ch < -needed))
  pu <- (k[1] + .5) / (n + 2); pd <- (k[3] + .5) / (n + 2)
  net <- pu - pd + c(-1, 1) * qnorm(.975) * sqrt((pu + pd - (pu - pd)^2) / (n + 2))
  list(needed = needed, improved = one(k[1]), unchanged = one(k[2]), worsened = one(k[3]),
       net = interval((k[1] - k[3]) / n, net), room = one(sum(50 - b[both] <= needed)))
}
responders <- lapply(c(.8, .7, .88), rci)

# --- then -----------------------------------------------------------------------
set.seed(20261123)
then <- round(b - 3 + rnorm(length(b), 0, 3), 1)
three <- data.frame(before = b, then, after = a, cluster = teams$cluster)
three <- three[complete.cases(three), ]
means <- function(x) interval(mean(x), t.test(x)$conf.int)
by_team <- function(x) { m <- tapply(x, three$cluster, mean); interval(mean(m), t.test(m)$conf.int) }
contrasts <- list(mean_before = three$before, mean_then = three$then, mean_after = three$after,
                  conventional_change = three$after - three$before,
                  then_test_change = three$after - three$then,
                  response_shift = three$then - three$before)
then_test <- list(frame = three, people = lapply(contrasts, means),
                  teams = lapply(contrasts, by_team),
                  response_shift_d_z = mean(three$then - three$before) / sd(three$then - three$before))

# --- ordered answers ------------------------------------------------------------
counts <- rbind(treated = c(3, 8, 14, 30, 25), control = c(9, 15, 20, 22, 10))
long <- data.frame(score = ordered(rep(rep(1:5, 2), c(t(counts)))),
                   arm = factor(rep(c("pilot", "comparison"), rowSums(counts)),
                                levels = c("comparison", "pilot")))
fit <- polr(score ~ arm, long, Hess = TRUE, control = list(reltol = 1e-14, maxit = 1000))
fine <- clm(score ~ arm, data = long, control = clm.control(gradTol = 1e-10))
free <- clm(score ~ 1, nominal = ~ arm, data = long, control = clm.control(gradTol = 1e-10))
slope <- unname(coef(fine)["armpilot"]); se <- sqrt(vcov(fine)["armpilot", "armpilot"])
stopifnot(abs(slope - unname(coef(fit))) < 1e-4)
x <- as.numeric(long$score)[long$arm == "pilot"]; y <- as.numeric(long$score)[long$arm != "pilot"]
place <- function(v, w) sapply(v, function(one) mean((w < one) + .5 * (w == one)))
px <- place(x, y); py <- 1 - place(y, x)
p <- mean(px); parts <- c(var(px) / length(px), var(py) / length(py))
df <- sum(parts)^2 / (parts[1]^2 / (length(px) - 1) + parts[2]^2 / (length(py) - 1))
cluster <- c(rep(1:5, length.out = length(x)), rep(6:11, length.out = length(y)))
moves <- c((px - p) / length(px), (py - p) / length(py))
sums <- tapply(moves, cluster, sum); g <- length(sums)
logit <- function(p, se, df) interval(p, plogis(qlogis(p) + c(-1, 1) * qt(.975, df) * se / (p * (1 - p))))
tops <- c((x == 5) - mean(x == 5), -((y == 5) - mean(y == 5))) / c(rep(length(x), length(x)), rep(length(y), length(y)))
top_sums <- tapply(tops, cluster, sum); top <- mean(x == 5) - mean(y == 5)
w1 <- prop.test(sum(x == 5), length(x), correct = FALSE)$conf.int
w2 <- prop.test(sum(y == 5), length(y), correct = FALSE)$conf.int
newcombe <- top + c(-1, 1) * c(sqrt((mean(x == 5) - w1[1])^2 + (w2[2] - mean(y == 5))^2),
                               sqrt((w1[2] - mean(x == 5))^2 + (mean(y == 5) - w2[1])^2))
without <- sapply(1:g, function(t) unname(coef(clm(score ~ arm, data = long[cluster != t, ],
  control = clm.control(gradTol = 1e-10)))["armpilot"]))   # each team left out in turn
jack <- sqrt((g - 1) / g * sum((without - slope)^2))
top2 <- mean(x >= 4) - mean(y >= 4)
ordered_answers <- list(
  top_two_difference = top2, proportional_odds_ratio_teams =
    exp(interval(slope, slope + c(-1, 1) * qt(.975, g - 2) * jack)),
  counts = counts, cluster = cluster,
  probability_of_better_answer = logit(p, sqrt(sum(parts)), df),
  probability_of_better_answer_teams = logit(p, sqrt(g / (g - 1) * sum(sums^2)), g - 2),
  proportional_odds_ratio = exp(interval(slope, slope + c(-1, 1) * qnorm(.975) * se)),
  proportional_odds_p_value = anova(fine, free)[2, "Pr(>Chisq)"],
  top_share_treated = interval(mean(x == 5), w1),
  top_share_difference = interval(top, newcombe),
  top_share_difference_teams = interval(top, top + c(-1, 1) * qt(.975, g - 2) *
                                          sqrt(g / (g - 1) * sum(top_sums^2))))

before5 <- rep(c(1, 2, 3, 3, 4, 4, 5, 5, 2, 3), 6); after5 <- rep(c(2, 2, 4, 3, 5, 3, 5, 4, 5, 5), 6)
after5[1:8] <- 3; team6 <- rep(1:6, c(14, 6, 10, 10, 12, 8)); n5 <- length(before5)
agresti_min <- function(move) {  # half a person added to each of the four cells
  up <- (sum(move > 0) + .5) / (n5 + 2); down <- (sum(move < 0) + .5) / (n5 + 2)
  interval(mean(move), up - down + c(-1, 1) * qnorm(.975) * sqrt((up + down - (up - down)^2) / (n5 + 2)))
}
over_teams <- function(move) {
  fit <- lm(move ~ 1); se <- sqrt(sandwich::vcovCL(fit, team6, type = "HC0", cadjust = TRUE)[1, 1])
  interval(mean(move), mean(move) + c(-1, 1) * qt(.975, 5) * se)
}
moves5 <- list(net_share_better = sign(after5 - before5),
               top_share_change = (after5 == 5) - (before5 == 5))
linked_answers <- list(before = before5, after = after5, cluster = team6,
  people = lapply(moves5, agresti_min), teams = lapply(moves5, over_teams))

# --- ends of the scale, waves linked in part, in teams ----------------------------
over <- function(v, g) {
  fit <- lm(v ~ 1); se <- sqrt(sandwich::vcovCL(fit, g, type = "HC0", cadjust = TRUE)[1, 1])
  interval(mean(v), mean(v) + c(-1, 1) * qt(.975, length(unique(g)) - 1) * se)
}
wilson <- function(v) interval(mean(v), prop.test(sum(v), length(v), correct = FALSE)$conf.int)
seen <- !is.na(b); low <- min(b, na.rm = TRUE); high <- max(b, na.rm = TRUE)
team_change <- function(first, second) {   # a team's mean after less its mean before
  m <- merge(aggregate(b ~ cluster, data.frame(b, cluster = teams$cluster)[first, ], mean),
             aggregate(a ~ cluster, data.frame(a, cluster = teams$cluster)[second, ], mean))
  t <- t.test(m$a - m$b); interval(t$estimate, t$conf.int)
}
of_pairs <- tapply((a - b)[linked], teams$cluster[linked], mean)
in_teams <- list(
  ends = list(lowest = low, highest = high + 0,
    best = wilson(b[seen] == high), worst = wilson(b[seen] == low),
    best_teams = over((b[seen] == high) + 0, teams$cluster[seen])),
  mean_change_linked = interval(mean(of_pairs), t.test(of_pairs)$conf.int),
  mean_change_unlinked = team_change(!linked & !is.na(b), !linked & !is.na(a)),
  mean_change_everybody = team_change(!is.na(b), !is.na(a)))

# --- smallest change that counts ------------------------------------------------
set.seed(7)
n <- 300; change <- round(rnorm(n, 3, 6)); improved <- as.numeric(change + rnorm(n, 0, 5) > 1)
model <- glm(improved ~ change, binomial, control = glm.control(epsilon = 1e-14, maxit = 100))
q <- log(mean(improved) / (1 - mean(improved))); cr <- cor.test(improved, change)
pm <- unname((q - coef(model)[1]) / coef(model)[2]); cc <- unname(cr$estimate)
values_ <- sort(unique(change)); cuts <- head(values_, -1) + diff(values_) / 2
gain <- sapply(cuts, function(k) mean(change[improved == 1] > k) + mean(change[improved == 0] < k))
little <- as.numeric(improved == 1 & change < 6)
mic <- list(change = change, improved = improved, little = little,
  anchor_correlation = interval(cc, cr$conf.int),
  mic_mean_change = interval(mean(change[little == 1]), t.test(change[little == 1])$conf.int),
  cluster = rep(1:12, length.out = n),
  mic_mean_change_teams = over(change[little == 1], rep(1:12, length.out = n)[little == 1]),
  mic_roc = mean(cuts[gain > max(gain) - 1e-12]), mic_predictive = pm,
  mic_predictive_adjusted = pm - (.09 + .103 * cc) * sd(change) * q,
  mic_predictive_reliability_adjusted = pm - (.8 / .7 - .5) * sd(change) * cc * q)

values <- list(
  made_by = versions_of(c("MASS", "ordinal", "sandwich")),
  waves = waves, responders = responders, then_test = then_test,
  ordered_answers = ordered_answers, in_teams = in_teams,
  linked_answers = linked_answers, mic = mic)
write_values(values, "beyond_means")
