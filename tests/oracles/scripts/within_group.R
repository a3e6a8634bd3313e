# Agreement within groups, of several raters of one thing: r_wg(j), r_wg, AD_M, a_wg.
# Writes values: withingroup_bhr2000
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
