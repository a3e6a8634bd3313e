# How the scripts read data and write values; sourced by each, not run by itself:
#   source("tests/oracles/scripts/files.R")
# Scripts run from the repository's root. They write to tests/oracles, or to the folder
# given as the one argument.
options(digits = 17, warn = 1, mc.cores = 1)  # one core, one random stream

home <- file.path("tests", "oracles")
output <- c(commandArgs(trailingOnly = TRUE), home)[1]

# --- data: an empty cell is a missing answer --------------------------------------------
read_data <- function(name, ...) {
  read.csv(file.path(home, "data", paste0(name, ".csv")), ...)
}

# Writes data and reads them back, so that the values come from the digits in the file.
write_data <- function(data, name, quote = FALSE, ...) {
  file <- file.path(output, "data", paste0(name, ".csv"))
  dir.create(dirname(file), showWarnings = FALSE, recursive = TRUE)
  write.csv(data, file, row.names = FALSE, na = "", quote = quote)
  invisible(read.csv(file, ...))
}

# --- JSON ---------------------------------------------------------------------------------
# Named lists and data frames are objects, unnamed lists and vectors arrays, matrices arrays
# of their rows. A vector of one value is a single value, and the names of a vector are
# dropped, unless as.list() makes it a list. NA, NaN, Inf and NULL are null.
quoted <- function(text) {
  for (pair in list(c("\\", "\\\\"), c('"', '\\"'), c("\n", "\\n"), c("\t", "\\t")))
    text <- gsub(pair[1], pair[2], text, fixed = TRUE)
  paste0('"', text, '"')
}
# The fewest digits that read back as the same number.
shortest <- function(value) {
  for (digits in 15:17) {
    text <- formatC(value, digits = digits, width = 1, format = "g")
    if (as.numeric(text) == value) break
  }
  text
}
one_value <- function(value) {
  if (is.na(value)) "null"
  else if (is.character(value)) quoted(value)
  else if (is.logical(value)) tolower(as.character(value))
  else if (is.infinite(value)) "null"
  else shortest(as.numeric(value))
}
array_of <- function(texts) paste0("[", paste(texts, collapse = ", "), "]")
values_in <- function(vector) {
  vector <- unname(if (is.factor(vector)) as.character(vector) else vector)
  vapply(seq_along(vector), function(i) one_value(vector[[i]]), "")
}
object_of <- function(names, texts, margin) {
  if (!length(texts)) return("{}")
  lines <- paste0(margin, " ", quoted(names), ": ", texts)
  paste0("{\n", paste(lines, collapse = ",\n"), "\n", margin, "}")
}
json <- function(x, margin = "") {
  inner <- function(part) json(part, paste0(margin, " "))
  if (is.null(x)) "null"
  else if (is.data.frame(x))
    object_of(names(x), vapply(x, function(column) array_of(values_in(column)), ""), margin)
  else if (is.list(x) && !is.null(names(x)))
    object_of(names(x), vapply(x, inner, ""), margin)
  else if (is.list(x)) array_of(vapply(x, inner, ""))
  else if (length(dim(x)) == 2) {
    x <- unclass(x)
    array_of(vapply(seq_len(nrow(x)), function(i) array_of(values_in(x[i, ])), ""))
  }
  else if (length(x) == 1) values_in(x)
  else array_of(values_in(x))
}

# --- values -------------------------------------------------------------------------------
versions_of <- function(packages) {
  versions <- lapply(packages, function(name) as.character(packageVersion(name)))
  c(list(R = as.character(getRversion())), setNames(versions, packages))
}

write_values <- function(values, name) {
  file <- file.path(output, "values", paste0(name, ".json"))
  dir.create(dirname(file), showWarnings = FALSE, recursive = TRUE)
  writeLines(json(values), file)
}

# Values with a description, their data file and the calls that made them.
record <- function(name, statistic, values, calls, packages, data = NULL, items = NULL,
                   n_rows = NULL, note = "") {
  about <- list(
    statistic = statistic, data_file = if (!is.null(data)) paste0(data, ".csv"),
    items = if (!is.null(items)) as.list(items), n_rows = n_rows, r_calls = as.list(calls),
    versions = versions_of(packages), note = note, values = values)
  write_values(Filter(Negate(is.null), about), name)
}

# A matrix with the names of its rows and columns.
with_names <- function(x) {
  list(rows = rownames(x), cols = colnames(x), data = unname(unclass(x)))
}

# A data frame with the names of its rows in front.
with_row_names <- function(frame) c(list(`_rows` = rownames(frame)), as.list(frame))

quietly <- function(expression) {
  sink(nullfile())
  on.exit(sink())
  suppressMessages(suppressWarnings(force(expression)))
}
