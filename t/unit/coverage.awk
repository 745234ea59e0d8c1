# Gate over the CSV report of gcovr: fails unless each of the sources in want
# is there, has branches, and has all of its lines and branches taken.

NR == 1 {
    for (i = 1; i <= NF; i++) {
        column[$i] = i
    }

    next
}

{
    name = $column["filename"]
    sub(/.*\//, "", name)
    sub(/\.c$/, "", name)

    lines[name] = $column["line_total"]
    hit[name] = $column["line_covered"]
    branches[name] = $column["branch_total"]
    taken[name] = $column["branch_covered"]
}

END {
    n = split(want, list, " ")

    for (i = 1; i <= n; i++) {
        name = list[i]

        if (branches[name] + 0 == 0) {
            verdict = "not found"

        } else if (taken[name] != branches[name] || hit[name] != lines[name]) {
            verdict = "NOT COVERED"

        } else {
            verdict = "ok"
        }

        if (verdict != "ok") {
            failed = 1
        }

        printf "%-24s lines %d/%d  branches %d/%d  %s\n", name,
               hit[name], lines[name], taken[name], branches[name], verdict
    }

    exit failed || n == 0
}
