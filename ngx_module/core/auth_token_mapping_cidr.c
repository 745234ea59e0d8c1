/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The address lists of a mapping.  Called by auth_token_mapping_apply().  An
 * entry that does not parse makes the answer unusable: left out of a deny
 * list it would admit an address.
 */


#include <stdlib.h>

#include "auth_token_cidr.h"
#include "auth_token_mapping.h"
#include "auth_token_pointer.h"


#define AUTH_TOKEN_SETS_MAX_RANGES                                            \
    (AUTH_TOKEN_JSON_MAX_VALUES * sizeof(auth_token_range_t))


/* the ranges of one list while it is read */

typedef struct {
    auth_token_buf_t  ranges;
    int               any;             /* the pointer has a "*" */
} auth_token_sets_list_t;


static int auth_token_sets_visit(const auth_token_json_t *v, void *data);
static int auth_token_sets_entry(const auth_token_json_t *v,
    auth_token_range_t *range);
static const char *auth_token_sets_add(auth_token_sets_t *sets,
    auth_token_buf_t *ranges);
static const char *auth_token_mapping_closed_one(
    const auth_token_closed_t *closed, const auth_token_json_t *root,
    int *nobody);
static int auth_token_mapping_closed_member(const auth_token_closed_t *closed,
    const auth_token_str_t *name);


const char *
auth_token_sets_read(auth_token_sets_t *sets, const auth_token_cidrs_t *rule,
    const auth_token_json_t *root)
{
    const char              *error;
    auth_token_json_rc_e     rc;
    auth_token_sets_list_t   list;

    auth_token_buf_init(&list.ranges, AUTH_TOKEN_SETS_MAX_RANGES);
    list.any = auth_token_pointer_has_any(rule->pointer);

    rc = auth_token_json_walk(root, rule->pointer, auth_token_sets_visit,
                              &list);

    if (rc == AUTH_TOKEN_JSON_WRONG) {
        error = "an address list of the token cannot be read";

    } else if (rc == AUTH_TOKEN_JSON_ABSENT
               || (list.ranges.len == 0 && rule->empty_is_any))
    {
        error = NULL;

    } else {
        error = auth_token_sets_add(sets, &list.ranges);
    }

    auth_token_buf_free(&list.ranges);

    return error;
}


const char *
auth_token_sets_nobody(auth_token_sets_t *sets)
{
    auth_token_buf_t  none;

    auth_token_buf_init(&none, 0);

    return auth_token_sets_add(sets, &none);
}


void
auth_token_sets_free(auth_token_sets_t *sets)
{
    while (sets->n > 0) {
        free(sets->set[--sets->n].data);
    }
}


/*
 * The restrictions that this code understands are all there are, or the
 * answer is unusable.  A "{}" with nothing in it admits nobody, as it does at
 * the authority that has such objects; members that are null are absent.
 */

const char *
auth_token_mapping_closed(const auth_token_mapping_t *m,
    const auth_token_json_t *root, int *nobody)
{
    size_t       i;
    const char  *error;

    *nobody = 0;

    for (i = 0; i < m->nclosed; i++) {
        error = auth_token_mapping_closed_one(&m->closed[i], root, nobody);

        if (error != NULL) {
            return error;
        }
    }

    return NULL;
}


/*
 * Takes a list of entries, or, below a "*", a single one.  Room is made for
 * all of them at once: growing to it would need twice the memory.
 */

static int
auth_token_sets_visit(const auth_token_json_t *v, void *data)
{
    int                      single;
    size_t                   i, n;
    auth_token_range_t      *range;
    auth_token_sets_list_t  *list;

    list = data;
    single = auth_token_json_type(v) != AUTH_TOKEN_DOC_ARRAY;

    if (single && !list->any) {
        return -1;
    }

    n = single ? 1 : auth_token_json_size(v);
    range = auth_token_buf_extend(&list->ranges, n * sizeof(*range));

    if (range == NULL) {
        return -1;
    }

    for (i = 0; i < n; i++) {
        if (auth_token_sets_entry(single ? v : auth_token_json_at(v, i),
                                  &range[i])
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
auth_token_sets_entry(const auth_token_json_t *v, auth_token_range_t *range)
{
    auth_token_str_t  text;

    if (auth_token_json_type(v) != AUTH_TOKEN_DOC_STRING) {
        return -1;
    }

    text = auth_token_json_string(v);

    return auth_token_cidr_parse(text.data, text.len, range);
}


static const char *
auth_token_sets_add(auth_token_sets_t *sets, auth_token_buf_t *ranges)
{
    void                *blob;
    size_t               n, size;
    auth_token_range_t   none, *list;

    if (sets->n == AUTH_TOKEN_RECORD_MAX_SETS) {
        return "the token has too many address lists";
    }

    n = ranges->len / sizeof(auth_token_range_t);

    /* cppcheck-suppress uninitvar ; with n of 0 nothing is read */
    list = n != 0 ? (auth_token_range_t *) ranges->data : &none;

    size = auth_token_cidr_compiled_max(n);
    blob = malloc(size);

    if (blob == NULL) {
        return "no memory";
    }

    size = auth_token_cidr_compile(list, n, blob, size);

    sets->set[sets->n].data = blob;
    sets->set[sets->n++].len = size;

    return size != 0 ? NULL : "an address list of the token cannot be kept";
}


static const char *
auth_token_mapping_closed_one(const auth_token_closed_t *closed,
    const auth_token_json_t *root, int *nobody)
{
    void                     *cursor;
    auth_token_str_t          name;
    auth_token_doc_type_e     type;
    const auth_token_json_t  *v;

    if (auth_token_json_find(root, closed->pointer, &v)
        == AUTH_TOKEN_JSON_WRONG)
    {
        return "a restriction of the token is of a wrong type";
    }

    type = auth_token_json_type(v);

    if (type == AUTH_TOKEN_DOC_ABSENT || type == AUTH_TOKEN_DOC_NULL) {
        return NULL;
    }

    if (type != AUTH_TOKEN_DOC_OBJECT) {
        return "a restriction of the token is of a wrong type";
    }

    cursor = NULL;

    while (auth_token_json_next(v, &cursor, &name) != NULL) {
        if (!auth_token_mapping_closed_member(closed, &name)) {
            return "the token has a restriction that is not understood";
        }
    }

    if (auth_token_json_size(v) == 0 && closed->empty_is_nobody) {
        *nobody = 1;
    }

    return NULL;
}


static int
auth_token_mapping_closed_member(const auth_token_closed_t *closed,
    const auth_token_str_t *name)
{
    size_t  i;

    for (i = 0; i < closed->nmembers; i++) {
        if (auth_token_str_eq(&closed->members[i], name)) {
            return 1;
        }
    }

    return 0;
}
