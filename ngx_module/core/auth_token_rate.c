/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Lists of strings with parameters (RFC 9651, 3.1), as far as they matter:
 * "default";r=50;t=30, "burst";r=7;t=5.
 */


#include "auth_token_rate.h"


static void auth_token_rate_list(auth_token_str_t value, const char *keys,
    auth_token_rate_item_t *items, size_t *n);
static auth_token_str_t auth_token_rate_part(auth_token_str_t *rest,
    unsigned char *end);
static int auth_token_rate_name(auth_token_str_t part,
    auth_token_str_t *name);
static void auth_token_rate_parameter(auth_token_str_t part, const char *keys,
    auth_token_rate_item_t *item);
static int64_t auth_token_rate_window(const auth_token_rates_t *rates,
    const auth_token_str_t *name);


void
auth_token_rate_limits(auth_token_rates_t *rates, auth_token_str_t value)
{
    auth_token_rate_list(value, "rt", rates->limits, &rates->nlimits);
}


void
auth_token_rate_policies(auth_token_rates_t *rates, auth_token_str_t value)
{
    auth_token_rate_list(value, "qw", rates->policies, &rates->npolicies);
}


static void
auth_token_rate_list(auth_token_str_t value, const char *keys,
    auth_token_rate_item_t *items, size_t *n)
{
    int                     named;
    unsigned char           end;
    auth_token_str_t        part;
    auth_token_rate_item_t  item;

    do {
        part = auth_token_rate_part(&value, &end);

        named = auth_token_rate_name(part, &item.name);
        item.count = -1;
        item.seconds = -1;

        while (end == ';') {
            part = auth_token_rate_part(&value, &end);
            auth_token_rate_parameter(part, keys, &item);
        }

        if (named && item.count != -1 && *n < AUTH_TOKEN_RATE_MAX) {
            items[(*n)++] = item;
        }

    } while (end == ',');
}


/* takes what stands before the next ";" or "," that is in no string */

static auth_token_str_t
auth_token_rate_part(auth_token_str_t *rest, unsigned char *end)
{
    int               quoted;
    size_t            i;
    unsigned char     c;
    auth_token_str_t  part;

    quoted = 0;
    *end = '\0';

    for (i = 0; i < rest->len; i++) {
        c = rest->data[i];

        if (quoted && c == '\\') {
            i++;

        } else if (c == '"') {
            quoted = !quoted;

        } else if (!quoted && (c == ';' || c == ',')) {
            *end = c;
            break;
        }
    }

    if (i > rest->len) {
        i = rest->len;
    }

    part.data = rest->data;
    part.len = i;

    i += *end != '\0';
    rest->data += i;
    rest->len -= i;

    return auth_token_str_trim(part);
}


/* one whole string, as it stands between its quotes; 1 or 0 */

static int
auth_token_rate_name(auth_token_str_t part, auth_token_str_t *name)
{
    size_t  i;

    if (part.len < 2 || part.data[0] != '"') {
        return 0;
    }

    for (i = 1; i < part.len && part.data[i] != '"'; i++) {
        i += part.data[i] == '\\';
    }

    name->data = part.data + 1;
    name->len = part.len - 2;

    return i == part.len - 1;
}


/* the last one of a name counts; what is no number is none */

static void
auth_token_rate_parameter(auth_token_str_t part, const char *keys,
    auth_token_rate_item_t *item)
{
    int64_t           n;
    auth_token_str_t  value;

    if (part.len < 2 || part.data[1] != '=') {
        return;
    }

    value.data = part.data + 2;
    value.len = part.len - 2;

    n = auth_token_rate_number(value);

    if (part.data[0] == (unsigned char) keys[0]) {
        item->count = n;

    } else if (part.data[0] == (unsigned char) keys[1]) {
        item->seconds = n;
    }
}


void
auth_token_rate_tightest(const auth_token_rates_t *rates, int64_t *remaining,
    int64_t *reset)
{
    size_t                         i;
    int64_t                        seconds;
    const auth_token_rate_item_t  *item;

    *remaining = -1;
    *reset = -1;

    for (i = 0; i < rates->nlimits; i++) {
        item = &rates->limits[i];

        seconds = (item->seconds != -1)
                  ? item->seconds : auth_token_rate_window(rates, &item->name);

        if (*remaining == -1
            || item->count < *remaining
            || (item->count == *remaining && seconds > *reset))
        {
            *remaining = item->count;
            *reset = seconds;
        }
    }
}


static int64_t
auth_token_rate_window(const auth_token_rates_t *rates,
    const auth_token_str_t *name)
{
    size_t                         i;
    int64_t                        seconds;
    const auth_token_rate_item_t  *item;

    seconds = -1;

    for (i = 0; i < rates->npolicies; i++) {
        item = &rates->policies[i];

        if (item->seconds > seconds && auth_token_str_eq(&item->name, name)) {
            seconds = item->seconds;
        }
    }

    return seconds;
}


int64_t
auth_token_rate_number(auth_token_str_t s)
{
    size_t   i;
    int64_t  n;

    if (s.len == 0) {
        return -1;
    }

    n = 0;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return -1;
        }

        n = n * 10 + (s.data[i] - '0');

        if (n > INT32_MAX) {
            n = INT32_MAX;
        }
    }

    return n;
}
