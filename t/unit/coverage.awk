# Gate over the CSV report of gcovr: fails unless each of the files in want is
# there, and all lines and branches of each file of the report are taken.  Of
# "FILE:LINES/BRANCHES" in want, so many may be missed.

NR == 1 {
    for (i = 1; i <= NF; i++) {
        column[$i] = i
    }

    next
}

{
    name = $column["filename"]
    sub(/.*\//, "", name)

    lines[name] = $column["line_total"]
    hit[name] = $column["line_covered"]
    branches[name] = $column["branch_total"]
    taken[name] = $column["branch_covered"]
}

END {
    n = split(want, list, " ")

    for (i = 1; i <= n; i++) {
        split(list[i], part, /[:\/]/)
        judge(part[1], part[2] + 0, part[3] + 0)
    }

    # headers, and what was forgotten in the list
    for (name in lines) {
        if (!(name in judged)) {
            judge(name, 0, 0)
        }
    }

    exit failed || n == 0
}

function judge(name, may_lines, may_branches,    verdict)
{
    judged[name] = 1

    if (lines[name] + 0 == 0) {
        verdict = "not found"

    } else if (lines[name] - hit[name] > may_lines \
               || branches[name] - taken[name] > may_branches)
    {
        verdict = "NOT COVERED"

    } else {
        verdict = "ok"
    }

    if (verdict != "ok") {
        failed = 1
    }

    printf "%-36s lines %d/%d  branches %d/%d  %s\n", name,
           hit[name], lines[name], taken[name], branches[name], verdict
}
