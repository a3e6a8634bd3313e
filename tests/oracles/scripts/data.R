# Data from R packages and published tables, and two simulated designs. Other scripts write
# the data that they simulate.
# Writes data: attitude attitude_cut4 bfi_AC_raw bfi_AC_gender bfi_C_gender bfi_agreeableness
# Writes data: bfi_agreeableness_120 bfi_agreeableness_1000 bfi_A_complete1000 bfi25_300
# Writes data: bfi25_250_missing holzinger holzinger_missing exlong shrout_fleiss_1979 wine_judges
# Writes data: expsy_ratings krippendorff_2011 bhr2000_groups gtheory_teams
# Writes data: gtheory_clients_in_staff gtheory_instructors gtheory_person_item
# Writes data: gtheory_staff_item_rater sai_two_waves sai_four_waves
# Made with: R 4.2.2, psychTools 2.2.9, lavaan 0.6.14, semTools 0.5.6, ordinal 2022.11.16
# Made with: psy 1.2, multilevel 2.7, lme4 1.1.31
source("tests/oracles/scripts/files.R")

# --- psychTools: 25 items of personality, 2,800 people --------------------------------------
raw <- psychTools::bfi
write_data(attitude, "attitude")
write_data(as.data.frame(lapply(attitude, function(v) as.integer(cut(v, 4)) - 1L)),
          "attitude_cut4", quote = TRUE)
agreeable <- paste0("A", 1:5); conscientious <- paste0("C", 1:5)
write_data(raw[c(agreeable, conscientious)], "bfi_AC_raw", quote = TRUE)
reversed <- raw
reversed[c("A1", "C4", "C5")] <- 7 - reversed[c("A1", "C4", "C5")]
write_data(transform(reversed[c(agreeable, conscientious, "gender")],
                    gender = factor(gender, labels = c("male", "female"))), "bfi_AC_gender")
write_data(na.omit(reversed[c(conscientious, "gender")]), "bfi_C_gender", quote = TRUE)
five <- reversed[agreeable]
write_data(five, "bfi_agreeableness")
write_data(na.omit(five)[1:1000, ], "bfi_agreeableness_1000")
write_data(na.omit(five)[1:1000, ], "bfi_A_complete1000", quote = TRUE)
few <- five[1:120, ]
set.seed(20)
for (item in agreeable) few[sample(120, 14), item] <- NA
write_data(few, "bfi_agreeableness_120")
write_data(head(na.omit(raw[1:400, 1:25]), 300), "bfi25_300")
write_data(raw[1:250, 1:25], "bfi25_250_missing")

# --- psychTools: calmness at several times --------------------------------------------------
calm <- c("calm", "secure", "at.ease", "rested", "comfortable", "confident", "relaxed",
          "content", "joyful", "pleasant")
sai <- psychTools::sai
xray <- sai[sai$study == "XRAY", ]
both <- merge(xray[xray$time == 1, c("id", calm)], xray[xray$time == 2, c("id", calm)],
              by = "id", suffixes = c(".1", ".2"))
write_data(data.frame(t1 = rowMeans(both[paste0(calm, ".1")]),
                     t2 = rowMeans(both[paste0(calm, ".2")])), "sai_two_waves")
vale <- na.omit(sai[sai$study == "VALE", c("id", "time", calm)])
write_data(vale[vale$id %in% names(which(table(vale$id) == 4)), ], "sai_four_waves")

# --- lavaan, semTools -----------------------------------------------------------------------
data(HolzingerSwineford1939, package = "lavaan")
pupils <- HolzingerSwineford1939[paste0("x", 1:9)]
write_data(cbind(HolzingerSwineford1939["school"], pupils), "holzinger")
pupils$x1[seq(1, nrow(pupils), 7)] <- NA
pupils$x2[seq(1, nrow(pupils), 11)] <- NA
pupils$x8[seq(3, nrow(pupils), 5)] <- NA
write_data(pupils, "holzinger_missing")
data(exLong, package = "semTools")
write_data(exLong[grepl("^y[123]t[123]$", names(exLong))], "exlong")

# --- raters ---------------------------------------------------------------------------------
write_data(data.frame(J1 = c(9, 6, 8, 7, 10, 6), J2 = c(2, 1, 4, 1, 5, 2),
                     J3 = c(5, 3, 6, 2, 6, 4), J4 = c(8, 2, 8, 6, 9, 7)),
          "shrout_fleiss_1979")
wine <- transform(ordinal::wine, rating = as.integer(rating))
wide <- reshape(wine[c("bottle", "judge", "rating")], idvar = "bottle", timevar = "judge",
                direction = "wide")
write_data(setNames(wide[-1], paste0("j", 1:9)), "wine_judges")
data(expsy, package = "psy")
write_data(expsy[c("r1", "r2", "r3", "rb1", "rb2", "rb3")], "expsy_ratings")
write_data(data.frame(A = c(1, 2, 3, 3, 2, 1, 4, 1, 2, NA, NA, NA),
                     B = c(1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NA, 3),
                     C = c(NA, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NA),
                     D = c(1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NA)), "krippendorff_2011")

# --- targets with several raters ------------------------------------------------------------
data(bhr2000, package = "multilevel")
soldiers <- bhr2000[bhr2000$GRP <= 40, 1:12]
write_data(soldiers, "bhr2000_groups")
write_data(data.frame(soldiers[c("GRP", "AF06")], lead = rowMeans(soldiers[2:12])),
          "gtheory_teams")
set.seed(7)
staff <- unlist(lapply(1:24, function(i) rep(i, sample(2:15, 1))))
rated <- 3.6 + rnorm(24, 0, .45)[staff] + rnorm(length(staff), 0, .8)
write_data(data.frame(staff = sprintf("s%02d", staff),
                     client = sprintf("c%03d", seq_along(staff)),
                     score = pmin(5, pmax(1, round(rated)))), "gtheory_clients_in_staff")
taught <- lme4::InstEval[lme4::InstEval$dept == "2", c("s", "d", "y", "service")]
known <- names(which(table(taught$d) >= 8))
write_data(taught[taught$d %in% known, ], "gtheory_instructors")
people <- na.omit(five)[1:150, ]
write_data(data.frame(person = rep(1:150, 5), item = rep(agreeable, each = 150),
                     score = unlist(people)), "gtheory_person_item")
set.seed(3)
design <- expand.grid(staff = 1:20, item = 1:6, rater = 1:3)
design$score <- with(design, round(
  3.5 + rnorm(20, 0, .7)[staff] + rnorm(6, 0, .3)[item] + rnorm(3, 0, .25)[rater] +
    rnorm(120, 0, .3)[(staff - 1) * 6 + item] + rnorm(60, 0, .35)[(staff - 1) * 3 + rater] +
    rnorm(18, 0, .1)[(item - 1) * 3 + rater] + rnorm(360, 0, .6), 2))
write_data(design, "gtheory_staff_item_rater")
