/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Header fields (RFC 9110) from hostile lines.  What is not a field makes
 * the answer unusable: it may hide or change one that is.
 */


#include <strings.h>

#include "auth_token_header.h"
#include "auth_token_rate.h"
#include "auth_token_time.h"


#define auth_token_header_is(name, text)                                      \
    ((name).len == sizeof(text) - 1                                           \
     && strncasecmp((char *) (name).data, text, (name).len) == 0)


static int auth_token_header_line(auth_token_str_t line, int64_t now,
    auth_token_rates_t *rates, auth_token_header_t *out);
static int auth_token_header_field(auth_token_str_t name,
    auth_token_str_t value, int64_t now, auth_token_rates_t *rates,
    auth_token_header_t *out);
static int auth_token_header_token(auth_token_str_t s);
static auth_token_str_t auth_token_header_essence(auth_token_str_t type);
static int auth_token_header_json(auth_token_str_t type);
static int64_t auth_token_header_retry(auth_token_str_t s, int64_t now);
static int auth_token_header_date(auth_token_str_t s, int64_t *out);


int
auth_token_header_read(auth_token_str_t lines, int64_t now,
    auth_token_header_t *out)
{
    size_t              i;
    auth_token_str_t    line;
    auth_token_rates_t  rates;

    memset(out, 0, sizeof(auth_token_header_t));
    memset(&rates, 0, sizeof(auth_token_rates_t));

    out->retry_after = -1;
    out->remaining = -1;
    out->reset = -1;

    while (lines.len != 0) {
        for (i = 0; i < lines.len && lines.data[i] != '\n'; i++) {
            /* void */
        }

        line.data = lines.data;
        line.len = i;

        i += i < lines.len;
        lines.data += i;
        lines.len -= i;

        if (line.len != 0 && line.data[line.len - 1] == '\r') {
            line.len--;
        }

        if (line.len == 0) {
            continue;
        }

        if (auth_token_header_line(line, now, &rates, out) != 0) {
            return -1;
        }
    }

    auth_token_rate_tightest(&rates, &out->remaining, &out->reset);

    out->json = auth_token_header_json(out->content_type);
    out->jwt = auth_token_header_is(
                   auth_token_header_essence(out->content_type),
                   "application/token-introspection+jwt");

    return 0;
}


static int
auth_token_header_line(auth_token_str_t line, int64_t now,
    auth_token_rates_t *rates, auth_token_header_t *out)
{
    size_t            i;
    auth_token_str_t  name, value;

    if (line.len > 5 && memcmp(line.data, "HTTP/", 5) == 0) {
        return 0;
    }

    for (i = 0; i < line.len; i++) {
        if ((line.data[i] < 0x20 && line.data[i] != '\t')
            || line.data[i] == 0x7f)
        {
            return -1;
        }
    }

    for (i = 0; i < line.len && line.data[i] != ':'; i++) { /* void */ }

    if (i == line.len) {
        return -1;
    }

    name.data = line.data;
    name.len = i;

    /* so a continuation line or a blank before the colon is refused */

    if (!auth_token_header_token(name)) {
        return -1;
    }

    value.data = line.data + i + 1;
    value.len = line.len - i - 1;

    return auth_token_header_field(name, auth_token_str_trim(value), now,
                                   rates, out);
}


static int
auth_token_header_field(auth_token_str_t name, auth_token_str_t value,
    int64_t now, auth_token_rates_t *rates, auth_token_header_t *out)
{
    int64_t  seconds;

    if (auth_token_header_is(name, "Content-Type")) {
        if (value.len == 0) {
            return -1;
        }

        if (out->content_type.len != 0
            && !auth_token_str_eq(&out->content_type, &value))
        {
            return -1;
        }

        out->content_type = value;

    } else if (auth_token_header_is(name, "Content-Encoding")) {
        if (!auth_token_header_is(value, "identity")) {
            out->encoded = 1;
        }

    } else if (auth_token_header_is(name, "Retry-After")) {
        seconds = auth_token_header_retry(value, now);

        if (seconds > out->retry_after) {
            out->retry_after = seconds;
        }

    } else if (auth_token_header_is(name, "RateLimit")) {
        auth_token_rate_limits(rates, value);

    } else if (auth_token_header_is(name, "RateLimit-Policy")) {
        auth_token_rate_policies(rates, value);
    }

    return 0;
}


/* RFC 9110, 5.6.2 */

static int
auth_token_header_token(auth_token_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] <= 0x20 || s.data[i] >= 0x7f
            || strchr("\"(),/:;<=>?@[\\]{}", s.data[i]) != NULL)
        {
            return 0;
        }
    }

    return s.len != 0;
}


/* a media type without its parameters */

static auth_token_str_t
auth_token_header_essence(auth_token_str_t type)
{
    size_t  i;

    for (i = 0; i < type.len && type.data[i] != ';'; i++) { /* void */ }

    type.len = i;

    return auth_token_str_trim(type);
}


/* parameters may follow: JSON is UTF-8 whatever they say (RFC 8259, 8.1) */

static int
auth_token_header_json(auth_token_str_t type)
{
    size_t            i;
    auth_token_str_t  suffix;

    type = auth_token_header_essence(type);

    if (auth_token_header_is(type, "application/json")) {
        return 1;
    }

    i = sizeof("application/") - 1;

    if (type.len < i + sizeof("x+json") - 1
        || strncasecmp((char *) type.data, "application/", i) != 0)
    {
        return 0;
    }

    type.data += i;
    type.len -= i;

    suffix.len = sizeof("+json") - 1;
    suffix.data = type.data + type.len - suffix.len;

    return auth_token_header_token(type)
           && strncasecmp((char *) suffix.data, "+json", suffix.len) == 0;
}


static int64_t
auth_token_header_retry(auth_token_str_t s, int64_t now)
{
    int64_t  n;

    n = auth_token_rate_number(s);

    if (n != -1) {
        return n;
    }

    if (auth_token_header_date(s, &n) != 0) {
        return -1;
    }

    if (n <= now) {
        return 0;
    }

    return (n - now < INT32_MAX) ? n - now : INT32_MAX;
}


/* "Sun, 06 Nov 1994 08:49:37 GMT"; the obsolete forms are not sent today */

static int
auth_token_header_date(auth_token_str_t s, int64_t *out)
{
    size_t         month;
    unsigned char  text[] = "YYYY-MM-DDTHH:MM:SSZ";

    static const char  months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    if (s.len != sizeof("Sun, 06 Nov 1994 08:49:37 GMT") - 1
        || memcmp(s.data + 3, ", ", 2) != 0
        || s.data[7] != ' ' || s.data[11] != ' '
        || memcmp(s.data + 25, " GMT", 4) != 0)
    {
        return -1;
    }

    for (month = 0; months[month] != '\0'; month += 3) {
        if (memcmp(s.data + 8, months + month, 3) == 0) {
            break;
        }
    }

    month = month / 3 + 1;

    memcpy(text, s.data + 12, 4);
    text[5] = (unsigned char) ('0' + month / 10);
    text[6] = (unsigned char) ('0' + month % 10);
    memcpy(text + 8, s.data + 5, 2);
    memcpy(text + 11, s.data + 17, 8);

    /* a month that is none is the 13th here, and refused like other nonsense */

    return auth_token_time_rfc3339(text, sizeof(text) - 1,
                                   AUTH_TOKEN_ROUND_UP, out);
}
