
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The shared memory zone: making it, keeping it over a reload, making it anew
 * after a crash, its lock, its digests and the slots of the providers.  The
 * only file that takes the zone's mutex.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <sodium.h>

#include "ngx_http_auth_token_shctx.h"


/* longer subjects are hashed down before they go into a key */
#define NGX_HTTP_AUTH_TOKEN_SUBJECT    4096


/*
 * Orders the dirty flag and what it guards as a death would see them: by the
 * time others get the lock, all that the dead process stored has arrived.
 */
#define ngx_http_auth_token_zone_fence()                                      \
    __atomic_signal_fence(__ATOMIC_SEQ_CST)


/* what stands before the subject under the key; no padding */

typedef struct {
    u_char                       fingerprint
                                     [NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];
    uint64_t                     generation;
    uint64_t                     step;
    uint64_t                     len;
} ngx_http_auth_token_preamble_t;


static ngx_int_t ngx_http_auth_token_zone_create(
    ngx_http_auth_token_zone_t *zone);
static void ngx_http_auth_token_zone_reset(ngx_http_auth_token_shctx_t *sh);
static void ngx_http_auth_token_zone_keyed(ngx_http_auth_token_shctx_t *sh,
    u_char *fingerprint, u_char *keyed);
static ngx_http_auth_token_slot_t *ngx_http_auth_token_zone_free_slot(
    ngx_http_auth_token_shctx_t *sh);


ngx_int_t
ngx_http_auth_token_zone_init(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_int_t                     rc;
    ngx_http_auth_token_zone_t   *zone;
    ngx_http_auth_token_shctx_t  *sh;

    zone = shm_zone->data;

    zone->shm_zone = shm_zone;
    zone->shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    zone->reset = 0;
    zone->hits = 0;

    if (sodium_init() == -1) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "libsodium cannot be used");
        return NGX_ERROR;
    }

    sh = (data || shm_zone->shm.exists) ? zone->shpool->data : NULL;

    if (sh && sh->layout == NGX_HTTP_AUTH_TOKEN_LAYOUT) {
        zone->sh = sh;
        zone->since = ngx_http_auth_token_word(sh->sequence);
        return NGX_OK;
    }

    /*
     * nginx hands an old zone on only if its tag is the same, which is made of
     * the layout: another one here means that something went wrong.  Old
     * workers may be at work in the zone then: it is made anew under the lock,
     * which all layouts share as it belongs to the slab pool, and they find a
     * layout that is not theirs at their next lock and leave the zone alone.
     */

    if (sh) {
        ngx_log_error(NGX_LOG_WARN, shm_zone->shm.log, 0,
                      "zone \"%V\" is made anew, as it has another layout",
                      &shm_zone->shm.name);
    }

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (sh) {
        ngx_slab_init(zone->shpool);
    }

    rc = ngx_http_auth_token_zone_create(zone);

    ngx_shmtx_unlock(&zone->shpool->mutex);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" is too small", &shm_zone->shm.name);
    }

    return rc;
}


/* all of the slab is taken at once: see ngx_http_auth_token_arena.c */

static ngx_int_t
ngx_http_auth_token_zone_create(ngx_http_auth_token_zone_t *zone)
{
    size_t                        size;
    u_char                       *area;
    ngx_slab_pool_t              *shpool;
    ngx_http_auth_token_shctx_t  *sh;

    shpool = zone->shpool;

    size = shpool->pfree * ngx_pagesize;

    area = ngx_slab_alloc_locked(shpool, size);
    if (area == NULL) {
        return NGX_ERROR;
    }

    sh = ngx_http_auth_token_arena_create(area, size);
    if (sh == NULL) {
        return NGX_ERROR;
    }

    randombytes_buf(sh->identity, NGX_HTTP_AUTH_TOKEN_SECRET);
    randombytes_buf(sh->secret, NGX_HTTP_AUTH_TOKEN_SECRET);

    sh->layout = NGX_HTTP_AUTH_TOKEN_LAYOUT;

    shpool->data = sh;
    zone->sh = sh;

    return NGX_OK;
}


/*
 * Somebody died inside the lock: what is in the zone may be half changed, so
 * none of it is looked at.  The slots stay, as workers know them by number:
 * each of their fields is one word and whole at any moment.  The new secret
 * and generations see to it that no key of before is one of now.
 */

static void
ngx_http_auth_token_zone_reset(ngx_http_auth_token_shctx_t *sh)
{
    ngx_uint_t                   i;
    ngx_http_auth_token_slot_t  *slot;

    ngx_http_auth_token_arena_clear(sh);

    randombytes_buf(sh->secret, NGX_HTTP_AUTH_TOKEN_SECRET);

    sh->sequence++;
    sh->stats.resets++;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_SLOTS; i++) {
        slot = &sh->slots[i];

        slot->purged = sh->sequence;
        slot->generation = sh->sequence;
        slot->probe_until = 0;
        slot->entries = 0;
        slot->negatives = 0;
    }
}


ngx_http_auth_token_shctx_t *
ngx_http_auth_token_zone_lock(ngx_http_auth_token_zone_t *zone)
{
    ngx_http_auth_token_shctx_t  *sh;

    ngx_shmtx_lock(&zone->shpool->mutex);

    sh = zone->shpool->data;

    if (sh->layout != NGX_HTTP_AUTH_TOKEN_LAYOUT) {
        ngx_shmtx_unlock(&zone->shpool->mutex);
        return NULL;
    }

    zone->sh = sh;

    if (sh->dirty) {
        ngx_http_auth_token_zone_reset(sh);
        zone->reset = 1;
    }

    sh->dirty = 1;
    ngx_http_auth_token_zone_fence();

    ngx_http_auth_token_crash_point();

    return sh;
}


void
ngx_http_auth_token_zone_unlock(ngx_http_auth_token_zone_t *zone)
{
    ngx_http_auth_token_shctx_t  *sh;

    sh = zone->shpool->data;

    ngx_http_auth_token_crash_point();

    ngx_http_auth_token_zone_fence();
    sh->dirty = 0;

    ngx_shmtx_unlock(&zone->shpool->mutex);

    if (zone->reset) {
        zone->reset = 0;
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "a process died while it changed the zone \"%V\", "
                      "which was emptied", &zone->shm_zone->shm.name);
    }
}


ngx_int_t
ngx_http_auth_token_zone_slot(ngx_http_auth_token_zone_t *zone,
    u_char *fingerprint)
{
    u_char                        keyed[16];
    ngx_int_t                     n;
    ngx_uint_t                    i;
    ngx_http_auth_token_slot_t   *slot;
    ngx_http_auth_token_shctx_t  *sh;

    sh = ngx_http_auth_token_zone_lock(zone);
    if (sh == NULL) {
        return -1;
    }

    ngx_http_auth_token_zone_keyed(sh, fingerprint, keyed);

    slot = NULL;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_SLOTS; i++) {
        if (sh->slots[i].in_use
            && ngx_memcmp(sh->slots[i].fingerprint, keyed, 16) == 0)
        {
            slot = &sh->slots[i];
            break;
        }
    }

    if (slot == NULL) {
        slot = ngx_http_auth_token_zone_free_slot(sh);

        ngx_memcpy(slot->fingerprint, keyed, 16);

        slot->generation = ++sh->sequence;
        slot->purged = sh->sequence;
        slot->taken = sh->sequence;

        /* a reset keeps slots that are in use: this one is whole now */
        ngx_http_auth_token_zone_fence();
        slot->in_use = 1;
    }

    slot->used = ngx_current_msec;
    n = slot - sh->slots;

    ngx_http_auth_token_zone_unlock(zone);

    return n;
}


/*
 * An unused slot, else the one not used for longest: one of a configuration
 * that is gone, as workers take theirs when they start and there are twice as
 * many as one configuration may have.  Should a provider lose its slot
 * nevertheless, it takes another; its keys differ, by the fingerprint.
 */

static ngx_http_auth_token_slot_t *
ngx_http_auth_token_zone_free_slot(ngx_http_auth_token_shctx_t *sh)
{
    ngx_uint_t                   i;
    ngx_http_auth_token_slot_t  *slot, *oldest;

    oldest = NULL;

    for (i = 0; i < NGX_HTTP_AUTH_TOKEN_SLOTS; i++) {
        slot = &sh->slots[i];

        if (!slot->in_use) {
            return slot;
        }

        if (oldest == NULL || slot->used < oldest->used) {
            oldest = slot;
        }
    }

    oldest->in_use = 0;
    ngx_http_auth_token_zone_fence();

    oldest->excess = 0;
    oldest->floor = 0;
    oldest->last = 0;
    oldest->closed_until = 0;
    oldest->probe_until = 0;
    ngx_memzero(oldest->failures, sizeof(oldest->failures));
    oldest->tripped = 0;

    return oldest;
}


uint64_t
ngx_http_auth_token_zone_owner(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot)
{
    uint64_t  owner;

    /* half of a digest is enough to know it by, and is read at once */

    ngx_memcpy(&owner, zone->sh->slots[slot].fingerprint, sizeof(owner));

    return owner;
}


/* fingerprints are of secrets: what stands in the zone must not confirm any */

static void
ngx_http_auth_token_zone_keyed(ngx_http_auth_token_shctx_t *sh,
    u_char *fingerprint, u_char *keyed)
{
    crypto_generichash(keyed, 16, fingerprint,
                       NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN,
                       sh->identity, NGX_HTTP_AUTH_TOKEN_SECRET);
}


void
ngx_http_auth_token_zone_fingerprint(ngx_str_t *parts, ngx_uint_t n,
    u_char *fingerprint)
{
    uint64_t                  len;
    ngx_uint_t                i;
    crypto_generichash_state  state;

    crypto_generichash_init(&state, NULL, 0,
                            NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN);

    for (i = 0; i < n; i++) {
        len = parts[i].len;

        crypto_generichash_update(&state, (u_char *) &len, sizeof(len));
        crypto_generichash_update(&state, parts[i].data, parts[i].len);
    }

    crypto_generichash_final(&state, fingerprint,
                             NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN);

    sodium_memzero(&state, sizeof(state));
}


void
ngx_http_auth_token_zone_digest(ngx_http_auth_token_zone_t *zone,
    ngx_uint_t slot, ngx_uint_t step, u_char *fingerprint,
    ngx_str_t *subject, ngx_http_auth_token_key_t *key)
{
    size_t                           len;
    u_char                          *p;
    ngx_http_auth_token_shctx_t     *sh;
    ngx_http_auth_token_preamble_t  *preamble;

    /* the subject may be a token: the buffer is wiped */
    union {
        ngx_http_auth_token_preamble_t  preamble;
        u_char  bytes[sizeof(ngx_http_auth_token_preamble_t)
                      + NGX_HTTP_AUTH_TOKEN_SUBJECT];
    } input;

    sh = zone->sh;

    preamble = &input.preamble;
    p = input.bytes + sizeof(ngx_http_auth_token_preamble_t);

    ngx_memcpy(preamble->fingerprint, fingerprint,
               NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN);
    preamble->generation = sh->slots[slot].generation;
    preamble->step = step;
    preamble->len = subject->len;

    if (subject->len <= NGX_HTTP_AUTH_TOKEN_SUBJECT) {
        len = subject->len;
        ngx_memcpy(p, subject->data, len);

    } else {
        len = crypto_generichash_BYTES_MAX;
        crypto_generichash(p, len, subject->data, subject->len, NULL, 0);
    }

    crypto_shorthash_siphashx24((u_char *) key, input.bytes,
                                sizeof(ngx_http_auth_token_preamble_t) + len,
                                sh->secret);

    ngx_explicit_memzero(p, len);

    if (ngx_http_auth_token_key_is_none(key)) {
        key->lo = 1;
    }
}


void
ngx_http_auth_token_zone_usage(ngx_http_auth_token_zone_t *zone,
    ngx_http_auth_token_usage_t *usage)
{
    ngx_http_auth_token_shctx_t  *sh;

    ngx_memzero(usage, sizeof(ngx_http_auth_token_usage_t));

    sh = ngx_http_auth_token_zone_lock(zone);
    if (sh == NULL) {
        return;
    }

    sh->stats.hits += zone->hits;
    zone->hits = 0;

    usage->stats = sh->stats;
    usage->entries = sh->entries.count;
    usage->negatives = sh->negatives.count;
    usage->flights = sh->marks.count;
    usage->size = sh->ring.end - sh->ring.start;
    usage->used = sh->ring.size;

    ngx_http_auth_token_zone_unlock(zone);
}
