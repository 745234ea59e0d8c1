/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A time read wrongly keeps an expired token alive.  The cases are those where
 * parsers of this format are known to differ: leap seconds, offsets, fractions,
 * the calendar, the ends of the range.
 */


#include "../../ngx_module/core/auth_token_time.c"

#include <math.h>

#include "guard.h"
#include "tap.h"


#define DOWN   AUTH_TOKEN_ROUND_DOWN
#define UP     AUTH_TOKEN_ROUND_UP

#define UNSET  (-7777777777777)


typedef int (*parse_pt)(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);


typedef struct {
    const char  *text;
    int64_t      down;
    int64_t      up;
} time_case_t;


/* both roundings of a text that is a time */

static void
is_time(parse_pt parse, const char *text, int64_t down, int64_t up)
{
    int      rc;
    int64_t  got;

    got = UNSET;
    rc = parse(guard_str(text), strlen(text), DOWN, &got);
    ok(rc == 0 && got == down, "%s, down: %d, %lld", text, rc,
       (long long) got);

    got = UNSET;
    rc = parse(guard_str(text), strlen(text), UP, &got);
    ok(rc == 0 && got == up, "%s, up: %d, %lld", text, rc, (long long) got);
}


static void
is_no_time(parse_pt parse, const char *text, const char *name)
{
    int      down, up;
    int64_t  got;

    got = UNSET;
    down = parse(guard_str(text), strlen(text), DOWN, &got);
    up = parse(guard_str(text), strlen(text), UP, &got);

    ok(down == -1 && up == -1 && got == UNSET, "%s", name);
}


static void
test_rfc3339(void)
{
    size_t  i;

    static const time_case_t  cases[] = {
        { "1970-01-01T00:00:00Z", 0, 0 },
        { "1969-12-31T23:59:59Z", -1, -1 },
        { "2001-09-09T01:46:40Z", 1000000000, 1000000000 },
        { "2038-01-19T03:14:08Z", 2147483648, 2147483648 },
        { "2025-07-01T00:00:00z", 1751328000, 1751328000 },
        { "2025-07-01t00:00:00Z", 1751328000, 1751328000 },
        { "2025-07-01t00:00:00z", 1751328000, 1751328000 },
        { "2025-07-01T00:00:00+00:00", 1751328000, 1751328000 },
        { "2025-07-01T00:00:00-00:00", 1751328000, 1751328000 },
        { "2025-07-01T02:00:00+02:00", 1751328000, 1751328000 },
        { "2025-06-30T18:30:00-05:30", 1751328000, 1751328000 },
        { "2025-07-01T23:59:00+23:59", 1751328000, 1751328000 },
        { "2025-06-30T00:01:00-23:59", 1751328000, 1751328000 },

        { "2024-02-29T00:00:00Z", 1709164800, 1709164800 },
        { "2000-02-29T00:00:00Z", 951782400, 951782400 },
        { "2000-03-01T00:00:00Z", 951868800, 951868800 },
        { "2100-02-28T23:59:59Z", 4107542399, 4107542399 },
        { "2100-03-01T00:00:00Z", 4107542400, 4107542400 },

        { "0000-01-01T00:00:00Z", -62167219200, -62167219200 },
        { "0000-02-29T00:00:00Z", -62162121600, -62162121600 },
        { "0001-01-01T00:00:00Z", -62135596800, -62135596800 },
        { "9999-12-31T23:59:59Z", 253402300799, 253402300799 },
        { "9999-12-31T23:00:00-00:59", 253402300740, 253402300740 },
        { "0000-01-01T01:00:00+01:00", -62167219200, -62167219200 },

        /* fractions of any length, towards denial */

        { "1970-01-01T00:00:01.0Z", 1, 1 },
        { "1970-01-01T00:00:01.1Z", 1, 2 },
        { "1970-01-01T00:00:01.9z", 1, 2 },
        { "1970-01-01T00:00:01.000000Z", 1, 1 },
        { "1970-01-01T00:00:01.999999999999999999999999999999Z", 1, 2 },
        { "1970-01-01T00:00:01.000000000000000000000000000001Z", 1, 2 },
        { "1970-01-01T00:00:01.5+00:00", 1, 2 },
        { "1969-12-31T23:59:58.5Z", -2, -1 },
        { "1969-12-31T23:59:59.5-00:00", -1, 0 },

        /* the leap second: from its start down, to the midnight after up */

        { "2016-12-31T23:59:60Z", 1483228799, 1483228800 },
        { "2016-12-31T23:59:60.0Z", 1483228799, 1483228800 },
        { "2016-12-31T23:59:60.999Z", 1483228799, 1483228800 },
        { "2015-06-30T23:59:60Z", 1435708799, 1435708800 },
        { "1990-12-31T15:59:60-08:00", 662687999, 662688000 },
        { "1991-01-01T00:59:60+01:00", 662687999, 662688000 },
        { "2015-07-01T08:59:60+09:00", 1435708799, 1435708800 },
        { "2015-07-01T00:29:60+00:30", 1435708799, 1435708800 },
        { "2015-06-30T00:00:60-23:59", 1435708799, 1435708800 },
        { "0000-06-30T23:59:60Z", -62151494401, -62151494400 },
        { "0001-01-01T00:00:60+00:01", -62135596801, -62135596800 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_time(auth_token_time_rfc3339, cases[i].text, cases[i].down,
                cases[i].up);
    }
}


static void
test_rfc3339_refused(void)
{
    size_t  i;

    static const char  *texts[] = {
        "", "2", "2025", "2025-07-01", "2025-07-01T", "2025-07-01T00:00",
        "2025-07-01T00:00Z", "2025-07-01T00:00:00", "20250701T000000Z",
        "2025-182T00:00:00Z", "2025-W27-2T00:00:00Z", "1751328000",

        /* separators */
        "2025-07-01 00:00:00Z", "2025-07-01_00:00:00Z", "2025-07-0100:00:00Z",
        "2025-07-01TT00:00:00Z", "2025/07-01T00:00:00Z",
        "2025-07/01T00:00:00Z", "2025-07-01T00.00:00Z",
        "2025-07-01T00:00.00Z", "2025-07-01\02400:00:00Z",

        /* digits and signs */
        "025-07-01T00:00:00Z", "02025-07-01T00:00:00Z",
        "+2025-07-01T00:00:00Z", "-025-07-01T00:00:00Z",
        "2025-7-01T00:00:00Z", "2025-07-1T00:00:00Z", "2025-07-01T0:00:00Z",
        "2025-07-01T00:0:00Z", "2025-07-01T00:00:0Z",
        "2025-07-01T+0:00:00Z", "2025-07-01T-1:00:00Z",
        "2025-07-01T00:-1:00Z", "2025-07-01T00:00:-1Z",
        "x025-07-01T00:00:00Z", "202x-07-01T00:00:00Z",
        "2025-x7-01T00:00:00Z", "2025-07-x1T00:00:00Z",
        "2025-07-01Tx0:00:00Z", "2025-07-01T00:x0:00Z",
        "2025-07-01T00:00:x0Z", "2025-07-01T00:00:0/Z",
        "2025-07- 1T00:00:00Z", " 2025-07-01T00:00:00Z",
        "2025-07-01T00:00:00Z ", "2025-07-01T00:00:00Z\n",
        "2025-07-01T 0:00:00Z",

        /* the calendar and the clock */
        "2025-00-01T00:00:00Z", "2025-13-01T00:00:00Z",
        "2025-07-00T00:00:00Z", "2025-07-32T00:00:00Z",
        "2025-01-32T00:00:00Z", "2025-03-32T00:00:00Z",
        "2025-04-31T00:00:00Z", "2025-05-32T00:00:00Z",
        "2025-06-31T00:00:00Z", "2025-08-32T00:00:00Z",
        "2025-09-31T00:00:00Z", "2025-10-32T00:00:00Z",
        "2025-11-31T00:00:00Z", "2025-12-32T00:00:00Z",
        "2025-02-29T00:00:00Z", "2024-02-30T00:00:00Z",
        "2100-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
        "2099-02-31T00:00:00Z", "2025-07-01T24:00:00Z",
        "2025-07-01T99:00:00Z", "2025-07-01T00:60:00Z",
        "2025-07-01T00:99:00Z", "2025-07-01T00:00:61Z",
        "2025-07-01T00:00:99Z",

        /* fractions */
        "2025-07-01T00:00:00.Z", "2025-07-01T00:00:00.",
        "2025-07-01T00:00:00.5", "2025-07-01T00:00:00,5Z",
        "2025-07-01T00:00:00.+00:00", "2025-07-01T00:00:00.-5Z",
        "2025-07-01T00:00:00.5.5Z", "2025-07-01T00:00:00.5xZ",
        "2025-07-01T00:00:00.:Z", "2025-07-01T00:00:00./Z",

        /* zones */
        "2025-07-01T00:00:00ZZ", "2025-07-01T00:00:00Zjunk",
        "2025-07-01T00:00:00Z+00:00", "2025-07-01T00:00:00+",
        "2025-07-01T00:00:00+00", "2025-07-01T00:00:00+0000",
        "2025-07-01T00:00:00+00:0", "2025-07-01T00:00:00+0:00",
        "2025-07-01T00:00:00+00:000", "2025-07-01T00:00:00+00:00Z",
        "2025-07-01T00:00:00+24:00", "2025-07-01T00:00:00-24:00",
        "2025-07-01T00:00:00+99:99", "2025-07-01T00:00:00+00:60",
        "2025-07-01T00:00:00+x0:00", "2025-07-01T00:00:00+00:x0",
        "2025-07-01T00:00:00+00-00", "2025-07-01T00:00:00 00:00",
        "2025-07-01T00:00:00*00:00", "2025-07-01T00:00:00\302\26100:00",
        "2025-07-01T00:00:00X", "2025-07-01T00:00:00\032",
        "2025-07-01T00:00:00UTC", "2025-07-01T00:00:00 Z",
        "2025-07-01T00:00:00+-1:00", "2025-07-01T00:00:00+00:-1",

        /* second 60 where no leap second can be */
        "2025-07-01T00:00:60Z", "2016-12-31T22:59:60Z",
        "2016-12-31T23:58:60Z", "2016-12-30T23:59:60Z",
        "2016-03-31T23:59:60Z", "2016-09-30T23:59:60Z",
        "2016-12-31T23:59:60+01:00", "2016-12-31T23:59:60-00:01",
        "2015-06-29T23:59:60Z", "2015-07-31T23:59:60Z",
        "2016-12-31T23:59:61Z",

        /* out of the years 0000 to 9999 once in UTC */
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01",
        "0000-01-01T00:00:59+23:59",
    };

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_no_time(auth_token_time_rfc3339, texts[i], texts[i]);
    }
}


/* a result that only one rounding keeps in range */

static void
test_rfc3339_ends(void)
{
    int      rc;
    size_t   i;
    int64_t  got;

    static const char  *texts[] = {
        "9999-12-31T23:59:59.5Z", "9999-12-31T23:59:60Z"
    };

    for (i = 0; i < 2; i++) {
        got = UNSET;
        rc = auth_token_time_rfc3339(guard_str(texts[i]), strlen(texts[i]),
                                     DOWN, &got);
        ok(rc == 0 && got == AUTH_TOKEN_TIME_MAX, "%s, down", texts[i]);

        got = UNSET;
        rc = auth_token_time_rfc3339(guard_str(texts[i]), strlen(texts[i]),
                                     UP, &got);
        ok(rc == -1 && got == UNSET, "%s, up", texts[i]);
    }

    rc = auth_token_time_rfc3339(guard_str("0000-01-01T00:00:60+00:01"), 25,
                                 DOWN, &got);
    is_int(rc, -1, "0000-01-01T00:00:60+00:01, down");

    rc = auth_token_time_rfc3339(guard_str("0000-01-01T00:00:60+00:01"), 25,
                                 UP, &got);
    ok(rc == 0 && got == AUTH_TOKEN_TIME_MIN,
       "0000-01-01T00:00:60+00:01, up");

    rc = auth_token_time_rfc3339(guard_copy("2025-07-01T00:00:00\0", 20), 20,
                                 DOWN, &got);
    is_int(rc, -1, "NUL for a zone");

    rc = auth_token_time_rfc3339(guard_copy("2025-07-01T00:00:00Z\0", 21), 21,
                                 DOWN, &got);
    is_int(rc, -1, "NUL after the zone");

    is_int(auth_token_time_rfc3339(NULL, 0, DOWN, &got), -1, "no data");
}


/* every day of 800 years against a plain count of days */

static void
test_calendar(void)
{
    int      year, month, day, bad, last;
    char     text[40];
    int64_t  want, got;

    static const int  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    bad = 0;
    want = 0;

    for (year = 1970; year < 2770; year++) {
        for (month = 1; month <= 12; month++) {

            last = days[month - 1];

            if (month == 2
                && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
            {
                last = 29;
            }

            for (day = 1; day <= 31; day++) {
                snprintf(text, sizeof(text), "%04d-%02d-%02d", year, month,
                         day);

                got = UNSET;
                auth_token_time_date((unsigned char *) text, 10, DOWN, &got);

                bad += got != (day <= last ? want : UNSET);
                want += day <= last ? 86400 : 0;
            }
        }
    }

    is_int(bad, 0, "every day from 1970 to 2769");
}


static void
test_date(void)
{
    is_time(auth_token_time_date, "1970-01-01", 0, 0);
    is_time(auth_token_time_date, "2025-07-01", 1751328000, 1751328000);
    is_time(auth_token_time_date, "0000-01-01", -62167219200, -62167219200);
    is_time(auth_token_time_date, "9999-12-31", 253402214400, 253402214400);

    is_no_time(auth_token_time_date, "", "date: empty");
    is_no_time(auth_token_time_date, "2025-07-0", "date: short");
    is_no_time(auth_token_time_date, "2025-07-011", "date: long");
    is_no_time(auth_token_time_date, "2025-07-01Z", "date: with a zone");
    is_no_time(auth_token_time_date, "2025-07-01T00:00:00Z",
               "date: with a clock");
    is_no_time(auth_token_time_date, "2025-02-29", "date: no such day");
    is_no_time(auth_token_time_date, "2025-7-001", "date: moved hyphen");
    is_no_time(auth_token_time_date, "20250-7-01", "date: moved first hyphen");
    is_no_time(auth_token_time_date, "2025-07--1", "date: signed day");
}


static void
test_local(void)
{
    is_time(auth_token_time_local, "2025-07-01T00:00:00", 1751328000,
            1751328000);
    is_time(auth_token_time_local, "2025-07-01t00:00:00.25", 1751328000,
            1751328001);
    is_time(auth_token_time_local, "2016-12-31T23:59:60", 1483228799,
            1483228800);

    is_no_time(auth_token_time_local, "", "local: empty");
    is_no_time(auth_token_time_local, "2025-07-01", "local: a date");
    is_no_time(auth_token_time_local, "2025-07-01T00:00:00Z",
               "local: with Z");
    is_no_time(auth_token_time_local, "2025-07-01T00:00:00+00:00",
               "local: with an offset");
    is_no_time(auth_token_time_local, "2025-07-01T00:00:00.",
               "local: a lone period");
    is_no_time(auth_token_time_local, "2025-07-01 00:00:00",
               "local: a blank for the T");
    is_no_time(auth_token_time_local, "2025-07-01T23:59:60",
               "local: no leap second there");
}


static void
is_number(double value, auth_token_round_e round, int rc, int64_t want)
{
    int      got_rc;
    int64_t  got;

    got = UNSET;
    got_rc = auth_token_time_number(value, round, &got);

    ok(got_rc == rc && got == want, "number %.17g, %s: %d, %lld", value,
       round == UP ? "up" : "down", got_rc, (long long) got);
}


static void
test_number(void)
{
    is_number(0, DOWN, 0, 0);
    is_number(0, UP, 0, 0);
    is_number(-0.0, UP, 0, 0);
    is_number(1, DOWN, 0, 1);
    is_number(1, UP, 0, 1);
    is_number(1.5, DOWN, 0, 1);
    is_number(1.5, UP, 0, 2);
    is_number(5e-324, DOWN, 0, 0);
    is_number(5e-324, UP, 0, 1);
    is_number(1751328000.999, DOWN, 0, 1751328000);
    is_number(1751328000.001, UP, 0, 1751328001);
    is_number(4294967296.0, DOWN, 0, 4294967296);
    is_number(253402300799.0, DOWN, 0, 253402300799);
    is_number(253402300799.0, UP, 0, 253402300799);
    is_number(253402300799.5, DOWN, 0, 253402300799);
    is_number(253402300799.5, UP, -1, UNSET);
    is_number(253402300800.0, DOWN, -1, UNSET);
    is_number(253402300800.0, UP, -1, UNSET);
    is_number(-5e-324, DOWN, -1, UNSET);
    is_number(-1, UP, -1, UNSET);
    is_number(1e300, DOWN, -1, UNSET);
    is_number(-1e300, DOWN, -1, UNSET);
    is_number((double) INFINITY, DOWN, -1, UNSET);
    is_number((double) -INFINITY, DOWN, -1, UNSET);
    is_number((double) NAN, DOWN, -1, UNSET);
    is_number((double) NAN, UP, -1, UNSET);
}


static void
is_integer(int64_t value, int ms, auth_token_round_e round, int rc,
    int64_t want)
{
    int      got_rc;
    int64_t  got;

    got = UNSET;
    got_rc = auth_token_time_integer(value, ms, round, &got);

    ok(got_rc == rc && got == want, "integer %lld%s, %s: %d, %lld",
       (long long) value, ms ? " ms" : "", round == UP ? "up" : "down",
       got_rc, (long long) got);
}


static void
test_integer(void)
{
    is_integer(0, 0, DOWN, 0, 0);
    is_integer(1751328000, 0, UP, 0, 1751328000);
    is_integer(253402300799, 0, UP, 0, 253402300799);
    is_integer(253402300800, 0, DOWN, -1, UNSET);
    is_integer(INT64_MAX, 0, UP, -1, UNSET);
    is_integer(-1, 0, UP, -1, UNSET);
    is_integer(INT64_MIN, 0, DOWN, -1, UNSET);

    is_integer(0, 1, UP, 0, 0);
    is_integer(1, 1, DOWN, 0, 0);
    is_integer(1, 1, UP, 0, 1);
    is_integer(999, 1, DOWN, 0, 0);
    is_integer(1000, 1, UP, 0, 1);
    is_integer(1001, 1, DOWN, 0, 1);
    is_integer(1001, 1, UP, 0, 2);
    is_integer(-1, 1, UP, -1, UNSET);
    is_integer(-999, 1, UP, -1, UNSET);
    is_integer(253402300799000, 1, UP, 0, 253402300799);
    is_integer(253402300799001, 1, DOWN, 0, 253402300799);
    is_integer(253402300799001, 1, UP, -1, UNSET);
    is_integer(253402300800000, 1, DOWN, -1, UNSET);
    is_integer(INT64_MAX, 1, UP, -1, UNSET);
    is_integer(INT64_MIN, 1, UP, -1, UNSET);
}


int
main(void)
{
    test_rfc3339();
    test_rfc3339_refused();
    test_rfc3339_ends();
    test_calendar();
    test_date();
    test_local();
    test_number();
    test_integer();

    return done();
}
