# Agreement within groups, of several raters of one thing: r_wg(j), r_wg, AD_M, a_wg.
# Writes data: within_group_floor
# Writes values: withingroup_bhr2000
# Writes values: withingroup_floor
# Made with: R 4.2.2, multilevel 2.7
source("tests/oracles/scripts/files.R")
suppressPackageStartupMessages(library(multilevel))

rows <- na.omit(read_data("bhr2000_groups"))
group <- factor(rows$GRP); x <- rows[names(rows) != "GRP"]
lowest <- 1; highest <- 5
uniform <- ((highest - lowest + 1)^2 - 1) / 12
record("withingroup_bhr2000",
       "within-group agreement of several raters of one target: r_wg(j), r_wg, AD_M, a_wg",
       list(uniform_variance = uniform,
            rwg_j = multilevel::rwg.j(x, group, ranvar = uniform),
            rwg_mean_score = multilevel::rwg(rowMeans(x), group, ranvar = uniform),
            ad_m = multilevel::ad.m(x, group),
            awg = multilevel::awg(x, group, range = c(lowest, highest))),
       c("multilevel::rwg.j(x, g, ranvar=(A^2-1)/12)",
         "multilevel::rwg(rowMeans(x), g, ranvar)", "multilevel::ad.m(x, g)",
         "multilevel::awg(x, g, range)"),
       "multilevel", "bhr2000_groups", names(x), nrow(x),
       "group column GRP; scale 1..5; rwg.j uses the mean of the item variances (n-1)")

# Teams at or near the floor of a scale from 0 to 4. A: the mean of i1 lies below that of
# one member at the other end; B: i1 all at
# the end; C: no item left; D: i1 at just that mean.
teams <- data.frame(
  team = rep(c("A", "B", "C", "D"), c(10, 4, 5, 4)),
  i1 = c(rep(0, 9), 1, rep(0, 4), 0, 0, 0, 0, 1, 0, 0, 0, 4),
  i2 = c(2, 3, 2, 1, 2, 3, 2, 2, 1, 2, 0, 0, 2, 4, 0, 0, 0, 2, 0, 1, 2, 3, 2))
teams <- write_data(teams, "within_group_floor")
record("withingroup_floor", "a_wg of teams near the floor",
       list(awg = multilevel::awg(teams[c("i1", "i2")], teams$team, range = c(0, 4))),
       "multilevel::awg(x, g, range = c(0, 4))", "multilevel", "within_group_floor",
       c("i1", "i2"), nrow(teams))
