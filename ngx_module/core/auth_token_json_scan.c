/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Counts what a text of JSON holds before it is parsed.
 */


#include "auth_token_json.h"
#include "auth_token_json_scan.h"


static size_t auth_token_json_skip_string(auth_token_str_t text, size_t i);


/*
 * Sees strings and brackets as the parser does, so that the parser, which
 * stops at the first fault, never gets further than what was counted here.
 */

const char *
auth_token_json_scan(auth_token_str_t text)
{
    size_t  i, depth, values, containers;

    depth = 0;
    values = 0;
    containers = 0;

    for (i = 0; i < text.len; i++) {
        switch (text.data[i]) {

        case '"':
            i = auth_token_json_skip_string(text, i);
            break;

        case '{':
        case '[':
            depth++;
            containers++;
            break;

        case '}':
        case ']':
            if (depth == 0) {
                return "the body is not valid JSON";
            }

            depth--;
            break;

        case ',':
            values++;
            break;

        case '\0':
            return "the body holds a NUL";
        }

        if (depth > AUTH_TOKEN_JSON_MAX_DEPTH) {
            return "the body is nested too deeply";
        }

        if (containers > AUTH_TOKEN_JSON_MAX_CONTAINERS
            || values >= AUTH_TOKEN_JSON_MAX_VALUES)
        {
            return "the body holds too many values";
        }
    }

    return NULL;
}


/* returns the place of the closing quote, or the end of the text */

static size_t
auth_token_json_skip_string(auth_token_str_t text, size_t i)
{
    for (i++; i < text.len && text.data[i] != '"'; i++) {
        if (text.data[i] == '\\') {
            i++;
        }
    }

    return i;
}
