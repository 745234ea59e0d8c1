/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * RFC 3339 and its relatives.  strptime() is no choice: it takes blanks, short
 * fields and 31 February, and leaves an offset unread.
 */


#include "auth_token_time.h"


#define AUTH_TOKEN_TIME_DATE   (sizeof("YYYY-MM-DD") - 1)
#define AUTH_TOKEN_TIME_CLOCK  (sizeof("YYYY-MM-DDTHH:MM:SS") - 1)
#define AUTH_TOKEN_TIME_ZONE   (sizeof("+HH:MM") - 1)

#define AUTH_TOKEN_TIME_DAY    86400


typedef struct {
    int      year;
    int      leap;         /* second 60, counted as 59 in seconds */
    int      fraction;     /* not zero */
    int64_t  seconds;
} auth_token_time_t;


static size_t auth_token_time_read(const unsigned char *data, size_t len,
    auth_token_time_t *t);
static int auth_token_time_read_date(const unsigned char *data, size_t len,
    auth_token_time_t *t);
static int auth_token_time_read_clock(const unsigned char *data, size_t len,
    auth_token_time_t *t);
static size_t auth_token_time_read_fraction(const unsigned char *data,
    size_t len, auth_token_time_t *t);
static int auth_token_time_read_zone(const unsigned char *data, size_t len,
    auth_token_time_t *t);
static int auth_token_time_finish(const auth_token_time_t *t,
    auth_token_round_e round, int64_t *out);
static int auth_token_time_leap_day(const auth_token_time_t *t);
static int auth_token_time_digits(const unsigned char *data, size_t len);
static int auth_token_time_month_days(int year, int month);
static int64_t auth_token_time_days(int year, int month, int day);


int
auth_token_time_rfc3339(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out)
{
    size_t             n;
    auth_token_time_t  t;

    n = auth_token_time_read(data, len, &t);

    if (n == 0 || auth_token_time_read_zone(data + n, len - n, &t) != 0) {
        return -1;
    }

    return auth_token_time_finish(&t, round, out);
}


int
auth_token_time_local(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out)
{
    size_t             n;
    auth_token_time_t  t;

    n = auth_token_time_read(data, len, &t);

    if (n == 0 || n != len) {
        return -1;
    }

    return auth_token_time_finish(&t, round, out);
}


int
auth_token_time_date(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out)
{
    auth_token_time_t  t;

    (void) round;

    if (len != AUTH_TOKEN_TIME_DATE
        || auth_token_time_read_date(data, len, &t) != 0)
    {
        return -1;
    }

    *out = t.seconds;

    return 0;
}


int
auth_token_time_number(double value, auth_token_round_e round, int64_t *out)
{
    int64_t  seconds;

    /* the comparison is written so that it fails for NaN; the bound keeps the
       conversion below defined */

    if (!(value >= 0 && value < (double) AUTH_TOKEN_TIME_MAX + 1)) {
        return -1;
    }

    seconds = (int64_t) value;

    if (round == AUTH_TOKEN_ROUND_UP && (double) seconds < value) {
        seconds++;
    }

    if (seconds > AUTH_TOKEN_TIME_MAX) {
        return -1;
    }

    *out = seconds;

    return 0;
}


int
auth_token_time_integer(int64_t value, int milliseconds,
    auth_token_round_e round, int64_t *out)
{
    int64_t  seconds;

    if (value < 0) {
        return -1;
    }

    seconds = value;

    if (milliseconds) {
        seconds = value / 1000;

        if (round == AUTH_TOKEN_ROUND_UP && value % 1000 != 0) {
            seconds++;
        }
    }

    if (seconds > AUTH_TOKEN_TIME_MAX) {
        return -1;
    }

    *out = seconds;

    return 0;
}


/* returns the bytes read, up to where a zone may stand, or 0 */

static size_t
auth_token_time_read(const unsigned char *data, size_t len,
    auth_token_time_t *t)
{
    size_t  n;

    if (len < AUTH_TOKEN_TIME_CLOCK
        || auth_token_time_read_date(data, AUTH_TOKEN_TIME_DATE, t) != 0
        || (data[AUTH_TOKEN_TIME_DATE] | 0x20) != 't')
    {
        return 0;
    }

    n = AUTH_TOKEN_TIME_DATE + 1;

    if (auth_token_time_read_clock(data + n, AUTH_TOKEN_TIME_CLOCK - n, t)
        != 0)
    {
        return 0;
    }

    n = AUTH_TOKEN_TIME_CLOCK;

    return n + auth_token_time_read_fraction(data + n, len - n, t);
}


static int
auth_token_time_read_date(const unsigned char *data, size_t len,
    auth_token_time_t *t)
{
    int  month, day;

    if (data[4] != '-' || data[7] != '-') {
        return -1;
    }

    t->year = auth_token_time_digits(data, 4);
    month = auth_token_time_digits(data + 5, 2);
    day = auth_token_time_digits(data + 8, len - 8);

    if (t->year < 0 || month < 1 || month > 12 || day < 1
        || day > auth_token_time_month_days(t->year, month))
    {
        return -1;
    }

    t->seconds = auth_token_time_days(t->year, month, day)
                 * AUTH_TOKEN_TIME_DAY;

    return 0;
}


static int
auth_token_time_read_clock(const unsigned char *data, size_t len,
    auth_token_time_t *t)
{
    int  hour, minute, second;

    if (data[2] != ':' || data[5] != ':') {
        return -1;
    }

    hour = auth_token_time_digits(data, 2);
    minute = auth_token_time_digits(data + 3, 2);
    second = auth_token_time_digits(data + 6, len - 6);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59
        || second < 0 || second > 60)
    {
        return -1;
    }

    t->leap = (second == 60);
    t->seconds += hour * 3600 + minute * 60 + second - t->leap;

    return 0;
}


/*
 * Returns the bytes read.  A lone period is left unread: no zone begins with
 * it, so that the text is refused.
 */

static size_t
auth_token_time_read_fraction(const unsigned char *data, size_t len,
    auth_token_time_t *t)
{
    size_t  i;

    t->fraction = 0;

    if (len < 2 || data[0] != '.') {
        return 0;
    }

    for (i = 1; i < len && data[i] >= '0' && data[i] <= '9'; i++) {
        t->fraction |= (data[i] != '0');
    }

    return (i == 1) ? 0 : i;
}


/* "-00:00" (RFC 3339, 4.3) is a known time in an unknown zone */

static int
auth_token_time_read_zone(const unsigned char *data, size_t len,
    auth_token_time_t *t)
{
    int  hour, minute, offset;

    if (len == 1) {
        return ((data[0] | 0x20) == 'z') ? 0 : -1;
    }

    if (len != AUTH_TOKEN_TIME_ZONE || data[3] != ':') {
        return -1;
    }

    hour = auth_token_time_digits(data + 1, 2);
    minute = auth_token_time_digits(data + 4, 2);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return -1;
    }

    offset = hour * 3600 + minute * 60;

    switch (data[0]) {

    case '+':
        t->seconds -= offset;
        return 0;

    case '-':
        t->seconds += offset;
        return 0;

    default:
        return -1;
    }
}


static int
auth_token_time_finish(const auth_token_time_t *t, auth_token_round_e round,
    int64_t *out)
{
    int64_t  seconds;

    if (t->leap && !auth_token_time_leap_day(t)) {
        return -1;
    }

    seconds = t->seconds;

    /* a fraction of the leap second ends at the same midnight */

    if (round == AUTH_TOKEN_ROUND_UP && (t->leap || t->fraction)) {
        seconds++;
    }

    if (seconds < AUTH_TOKEN_TIME_MIN || seconds > AUTH_TOKEN_TIME_MAX) {
        return -1;
    }

    *out = seconds;

    return 0;
}


/*
 * Leap seconds are put at the end of June or December in UTC, whatever the
 * local clock shows; an offset moves the date by one day at most.
 */

static int
auth_token_time_leap_day(const auth_token_time_t *t)
{
    int64_t  next;

    next = t->seconds + 1;

    return next == auth_token_time_days(t->year, 7, 1) * AUTH_TOKEN_TIME_DAY
           || next == auth_token_time_days(t->year, 1, 1)
                      * AUTH_TOKEN_TIME_DAY
           || next == auth_token_time_days(t->year + 1, 1, 1)
                      * AUTH_TOKEN_TIME_DAY;
}


static int
auth_token_time_digits(const unsigned char *data, size_t len)
{
    int     value;
    size_t  i;

    value = 0;

    for (i = 0; i < len; i++) {
        if (data[i] < '0' || data[i] > '9') {
            return -1;
        }

        value = value * 10 + (data[i] - '0');
    }

    return value;
}


static int
auth_token_time_month_days(int year, int month)
{
    static const unsigned char  days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) {
        return 29;
    }

    return days[month - 1];
}


/* days since 1970-01-01, proleptic Gregorian calendar, years 0 to 10000 */

static int64_t
auth_token_time_days(int year, int month, int day)
{
    int  y, m;

    /* a year that begins in March has its leap day last; 400 years, that is
       146097 days, more keep the start of the year 0 positive */

    y = year + 400 - (month <= 2);
    m = (month + 9) % 12;

    return (int64_t) y * 365 + y / 4 - y / 100 + y / 400
           + (153 * m + 2) / 5 + day - 1 - 719468 - 146097;
}
