/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Helpers of the tests of the shared zone: a provider in a zone, records to
 * store, and a check of everything that must hold in a zone at any time.
 */


#ifndef _ZONE_H_INCLUDED_
#define _ZONE_H_INCLUDED_


#include "ngx_shim.h"

#include "auth_token_record.h"
#include "ngx_http_auth_token_purge.h"


#define ZONE_LEAD     NGX_HTTP_AUTH_TOKEN_FLIGHT_LEAD
#define ZONE_WAIT     NGX_HTTP_AUTH_TOKEN_FLIGHT_WAIT
#define ZONE_READY    NGX_HTTP_AUTH_TOKEN_FLIGHT_READY
#define ZONE_REFUSED  NGX_HTTP_AUTH_TOKEN_FLIGHT_REFUSED

#define ZONE_MISS     NGX_HTTP_AUTH_TOKEN_CACHE_MISS
#define ZONE_HIT      NGX_HTTP_AUTH_TOKEN_CACHE_HIT
#define ZONE_UNKNOWN  NGX_HTTP_AUTH_TOKEN_CACHE_REFUSED
#define ZONE_FAILED   NGX_HTTP_AUTH_TOKEN_CACHE_FAILED

#define ZONE_FAULT    NGX_HTTP_AUTH_TOKEN_FAULT_FAILED
#define ZONE_BUSY     NGX_HTTP_AUTH_TOKEN_FAULT_BUSY

#define ZONE_MS       5000


typedef ngx_http_auth_token_zone_t     zone_t;
typedef ngx_http_auth_token_shctx_t    zone_shctx_t;
typedef ngx_http_auth_token_key_t      zone_key_t;
typedef ngx_http_auth_token_flight_t   zone_flight_t;
typedef ngx_http_auth_token_query_t    zone_query_t;
typedef ngx_http_auth_token_waiters_t  zone_waiters_t;


/* records are made for the whole run of a test: nothing to learn from leaks */

const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}


/* the clock of the test: ms */
static ngx_msec_t                      zone_now = 1000000000;

static ngx_http_auth_token_lives_t     zone_lives = {
    60000, 10000, 0, 0, 1000
};

static ngx_http_auth_token_limit_t    *zone_limit;
static ngx_uint_t                      zone_retry_after;
static zone_waiters_t                  zone_waiters;
static ngx_pool_t                      zone_pool;
static auth_token_addr_t               zone_addr = { 4, { 10, 0, 0, 1 } };


/* the fingerprint of the n-th provider */

static inline u_char *
zone_fingerprint(int n)
{
    static u_char  fingerprint[NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];

    memset(fingerprint, n, sizeof(fingerprint));

    return fingerprint;
}


/* the key of the n-th subject of a step, for the provider with slot's number */

static inline zone_key_t
zone_key_of(zone_t *zone, ngx_int_t slot, int step, int n)
{
    char        text[32];
    ngx_str_t   subject;
    zone_key_t  key;

    subject.len = (size_t) snprintf(text, sizeof(text), "subject-%d", n);
    subject.data = (u_char *) text;

    ngx_http_auth_token_zone_digest(zone, (ngx_uint_t) slot,
                                    (ngx_uint_t) step,
                                    zone_fingerprint((int) slot), &subject,
                                    &key);
    return key;
}


static inline zone_key_t
zone_key(zone_t *zone, int n)
{
    return zone_key_of(zone, 0, 0, n);
}


/*
 * A zone with one provider, in slot 0.  Its secret is always the same: which
 * keys share a place in a table must not differ from run to run.
 */

static inline zone_t *
zone_new(size_t size)
{
    zone_t  *zone;

    zone = shim_zone(size);

    if (zone == NULL
        || ngx_http_auth_token_zone_slot(zone, zone_fingerprint(0))
           != 0)
    {
        printf("Bail out! no zone\n");
        exit(2);
    }

    memset(zone->sh->secret, 3, sizeof(zone->sh->secret));

    zone_pool.log = &shim_log;

    return zone;
}


/* an active record with that document and one allow list, 10.0.0.0/25 on */

static inline auth_token_str_t
zone_record_of(auth_token_str_t doc, size_t ncidrs)
{
    size_t              i;
    char                text[64];
    auth_token_buf_t    out;
    auth_token_facts_t  facts;

    static uint64_t            set[65536];
    static auth_token_range_t  ranges[4096];

    memset(&facts, 0, sizeof(facts));
    auth_token_buf_init(&out, 1 << 20);

    facts.flags = AUTH_TOKEN_RECORD_ACTIVE;
    facts.doc = doc;

    for (i = 0; i < ncidrs; i++) {
        snprintf(text, sizeof(text), "10.%d.%d.0/25", (int) (i / 256),
                 (int) (i % 256));

        auth_token_cidr_parse((unsigned char *) text, strlen(text),
                              &ranges[i]);
    }

    if (ncidrs) {
        facts.nallow = 1;
        facts.allow[0].data = (unsigned char *) set;
        facts.allow[0].len = auth_token_cidr_compile(ranges, ncidrs, set,
                                                     sizeof(set));
    }

    if (auth_token_record_build(&facts, &out) != 0) {
        printf("Bail out! no record\n");
        exit(2);
    }

    return auth_token_buf_str(&out);
}


/* one with a document of about "size" bytes that do not pack */

static inline auth_token_str_t
zone_record(size_t size, size_t ncidrs)
{
    auth_token_buf_t  doc;

    static char  filler[65536];

    memset(filler, 'x', sizeof(filler));

    auth_token_buf_init(&doc, sizeof(filler) * 2);
    auth_token_doc_add_string(&doc, filler, size);

    return zone_record_of(auth_token_buf_str(&doc), ncidrs);
}


static inline zone_flight_t
zone_flight(zone_t *zone, zone_key_t key)
{
    zone_flight_t  f;

    memset(&f, 0, sizeof(f));

    f.zone = zone;
    f.lives = &zone_lives;
    f.key = key;

    return f;
}


static inline int
zone_take(zone_flight_t *f)
{
    return ngx_http_auth_token_flight_take(f, zone_limit, zone_now,
                                           zone_now + ZONE_MS,
                                           &zone_retry_after);
}


/* looks up and stores, as a worker would without others; NGX_OK: stored */

static inline ngx_int_t
zone_put(zone_t *zone, zone_key_t key, auth_token_str_t record,
    zone_key_t *link, int allowed)
{
    zone_flight_t  f;

    f = zone_flight(zone, key);

    if (zone_take(&f) != ZONE_LEAD) {
        return NGX_ERROR;
    }

    return ngx_http_auth_token_flight_land_record(&f, record, link,
                                                  (ngx_uint_t) allowed,
                                                  zone_now, &zone_waiters);
}


/* a query that has not been made yet; the pool is empty again */

static inline zone_query_t
zone_question(zone_t *zone, zone_key_t key, int nsteps)
{
    zone_query_t  q;

    memset(&q, 0, sizeof(q));

    zone_pool.used = 0;

    q.zone = zone;
    q.lives = &zone_lives;
    q.nsteps = (ngx_uint_t) nsteps;
    q.addr = &zone_addr;
    q.now = zone_now;
    q.pool = &zone_pool;
    q.key = key;

    return q;
}


static inline zone_query_t
zone_query(zone_t *zone, zone_key_t key, int nsteps)
{
    zone_query_t  q;

    q = zone_question(zone, key, nsteps);

    if (ngx_http_auth_token_cache_query(&q) != NGX_OK) {
        q.state = (ngx_http_auth_token_cache_e) -1;
    }

    return q;
}


static inline int
zone_state(zone_t *zone, zone_key_t key)
{
    return zone_query(zone, key, 1).state;
}


/* purges to the end; returns the records that it took out, -1 on an error */

static inline int
zone_purge(zone_t *zone, ngx_http_auth_token_purge_e kind, zone_key_t *key,
    ngx_uint_t slot)
{
    ngx_http_auth_token_purge_t  p;

    memset(&p, 0, sizeof(p));

    p.zone = zone;
    p.kind = kind;
    p.slot = slot;

    if (key) {
        p.key = *key;
    }

    if (ngx_http_auth_token_purge_begin(&p) != NGX_OK) {
        return -1;
    }

    while (ngx_http_auth_token_purge_sweep(&p) == NGX_AGAIN) { /* void */ }

    return (int) p.records;
}


/* counts the nodes of an index that can be found by their keys */

static inline uint64_t
zone_findable(ngx_http_auth_token_index_t *index)
{
    uint64_t                     i, n;
    ngx_http_auth_token_node_t  *node;

    n = 0;

    for (i = 0; i <= index->mask; i++) {
        for (node = ngx_http_auth_token_index_first(index, i);
             node;
             node = ngx_http_auth_token_index_next(index, node))
        {
            if (n++ > index->count
                || ngx_http_auth_token_index_find(index, &node->key) != node)
            {
                return (uint64_t) -1;
            }
        }
    }

    return n;
}


/* walks the ring as it is filled; adds up what is live */

static inline const char *
zone_check_ring(zone_shctx_t *sh)
{
    u_char                       *p;
    uint64_t                      size, count, slots[64];
    ngx_uint_t                    i, wrapped;
    ngx_http_auth_token_ring_t   *ring;
    ngx_http_auth_token_entry_t  *e;

    ring = &sh->ring;
    size = 0;
    count = 0;
    wrapped = (ring->tail > ring->head);
    memset(slots, 0, sizeof(slots));

    for (p = ring->head; !ring->empty && !(wrapped && p == ring->tail); ) {

        if ((size_t) (ring->end - p) < sizeof(ngx_http_auth_token_entry_t)) {

            if (wrapped) {
                return "the ring does not come to its tail";
            }

            wrapped = 1;
            p = ring->start;
            continue;
        }

        e = (ngx_http_auth_token_entry_t *) p;

        if (e->node.size < sizeof(ngx_http_auth_token_entry_t)
            || e->node.size > (size_t) (ring->end - p)
            || e->node.size % sizeof(uint64_t) != 0)
        {
            return "an entry of a wrong size";
        }

        if (e->live) {
            size += e->node.size;
            slots[e->slot]++;
            count++;

            if (ngx_http_auth_token_index_find(&sh->entries, &e->node.key)
                != e)
            {
                return "a live entry that cannot be found";
            }
        }

        p += e->node.size;
    }

    if (size != ring->size || count != sh->entries.count) {
        return "entries do not add up";
    }

    for (i = 0; i < 64; i++) {
        if (slots[i] != sh->slots[i].entries) {
            return "entries of a slot do not add up";
        }
    }

    return NULL;
}


/* NULL, or what is wrong with a zone that is locked, or that nobody uses */

static inline const char *
zone_check_content(zone_shctx_t *sh)
{
    uint64_t     i, negatives, marks, slots[64];
    const char  *wrong;

    wrong = zone_check_ring(sh);
    if (wrong) {
        return wrong;
    }

    memset(slots, 0, sizeof(slots));
    negatives = 0;
    marks = 0;

    for (i = 0; i < sh->nnegatives; i++) {
        if (sh->negative[i].state) {
            slots[sh->negative[i].slot]++;
            negatives++;
        }
    }

    for (i = 0; i < sh->nmarks; i++) {
        marks += (sh->mark[i].nonce != 0);
    }

    for (i = 0; i < 64; i++) {
        if (slots[i] != sh->slots[i].negatives) {
            return "negative entries of a slot do not add up";
        }
    }

    if (negatives != sh->negatives.count || marks != sh->marks.count) {
        return "negative entries or marks do not add up";
    }

    if (zone_findable(&sh->entries) != sh->entries.count
        || zone_findable(&sh->negatives) != negatives
        || zone_findable(&sh->marks) != marks)
    {
        return "an index holds what is not there";
    }

    return NULL;
}


static inline const char *
zone_check(zone_t *zone)
{
    return zone->sh->dirty ? "dirty" : zone_check_content(zone->sh);
}


static inline int
zone_ok(zone_t *zone, const char *name)
{
    const char  *wrong;

    wrong = zone_check(zone);

    return ok(wrong == NULL, "%s: %s", name, wrong ? wrong : "zone is whole");
}


#endif /* _ZONE_H_INCLUDED_ */
