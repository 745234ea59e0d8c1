
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Where secrets come from: a file, systemd, the environment, the
 * configuration; and whether a file has changed since.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_auth_token_secret.h"


static ngx_int_t ngx_http_auth_token_secret_credential(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *path);
static ngx_int_t ngx_http_auth_token_secret_env(ngx_conf_t *cf,
    ngx_str_t *name, ngx_str_t *text);
static const char *ngx_http_auth_token_secret_load(
    ngx_http_auth_token_secret_t *secret, ngx_fd_t fd, u_char *room,
    ngx_str_t *text, ngx_file_info_t *fi, ngx_err_t *err);
static const char *ngx_http_auth_token_secret_check(
    ngx_http_auth_token_secret_t *secret, ngx_str_t *text);
static void ngx_http_auth_token_secret_gone(
    ngx_http_auth_token_secret_t *secret, ngx_log_t *log);


ngx_int_t
ngx_http_auth_token_secret_read(ngx_conf_t *cf, ngx_str_t *arg,
    ngx_http_auth_token_secret_t *secret, u_char *room, ngx_str_t *text)
{
    ngx_str_t    name;
    const char  *wrong;

    if (ngx_strncmp(arg->data, "file:", 5) == 0) {
        secret->path.len = arg->len - 5;
        secret->path.data = arg->data + 5;

        return ngx_http_auth_token_secret_file(cf, secret, room, text);
    }

    if (ngx_strncmp(arg->data, "credential:", 11) == 0) {
        name.len = arg->len - 11;
        name.data = arg->data + 11;

        if (ngx_http_auth_token_secret_credential(cf, &name, &secret->path)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_auth_token_secret_file(cf, secret, room, text);
    }

    if (ngx_strncmp(arg->data, "env:", 4) == 0) {
        name.len = arg->len - 4;
        name.data = arg->data + 4;

        if (ngx_http_auth_token_secret_env(cf, &name, text) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "a literal secret is shown by \"nginx -T\", "
                           "use \"file:\" or \"env:\"");
        *text = *arg;
    }

    wrong = ngx_http_auth_token_secret_check(secret, text);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the secret %s", wrong);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* systemd.exec(5): LoadCredential= and its like */

static ngx_int_t
ngx_http_auth_token_secret_credential(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *path)
{
    char  *dir;

    if (name->len == 0 || ngx_strlchr(name->data, name->data + name->len, '/')
        || ngx_strcmp(name->data, ".") == 0
        || ngx_strcmp(name->data, "..") == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"credential:%V\"", name);
        return NGX_ERROR;
    }

    dir = getenv("CREDENTIALS_DIRECTORY");

    if (dir == NULL || *dir != '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"credential:%V\" needs the environment variable "
                           "CREDENTIALS_DIRECTORY, with a full path", name);
        return NGX_ERROR;
    }

    path->data = ngx_pnalloc(cf->pool, ngx_strlen(dir) + name->len + 2);
    if (path->data == NULL) {
        return NGX_ERROR;
    }

    path->len = ngx_sprintf(path->data, "%s/%V%Z", dir, name) - path->data - 1;

    return NGX_OK;
}


ngx_int_t
ngx_http_auth_token_secret_file(ngx_conf_t *cf,
    ngx_http_auth_token_secret_t *secret, u_char *room, ngx_str_t *text)
{
    ngx_fd_t          fd;
    ngx_err_t         err;
    ngx_str_t        *path;
    const char       *wrong;
    ngx_file_info_t   fi;

    path = &secret->path;

    if (path->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"file:\"");
        return NGX_ERROR;
    }

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a FIFO must not hold up the start */

    fd = ngx_open_file(path->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    wrong = ngx_http_auth_token_secret_load(secret, fd, room, text, &fi, &err);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", path);
    }

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, err, "secret file \"%V\" %s",
                           path, wrong);
        return NGX_ERROR;
    }

    if (ngx_file_access(&fi) & S_IROTH) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "secret file \"%V\" can be read by others", path);
    }

    ngx_http_auth_token_stamp_take(&fi, &secret->stamp);

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_token_secret_env(ngx_conf_t *cf, ngx_str_t *name,
    ngx_str_t *text)
{
    char  *value;

    value = getenv((char *) name->data);

    if (value == NULL || *value == '\0') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "environment variable \"%V\" is not set or empty",
                           name);
        return NGX_ERROR;
    }

    text->len = ngx_strlen(value);
    text->data = (u_char *) value;

    return NGX_OK;
}


/* NULL, or what is wrong */

static const char *
ngx_http_auth_token_secret_load(ngx_http_auth_token_secret_t *secret,
    ngx_fd_t fd, u_char *room, ngx_str_t *text, ngx_file_info_t *fi,
    ngx_err_t *err)
{
    ssize_t  n;

    *err = 0;

    if (ngx_fd_info(fd, fi) == NGX_FILE_ERROR) {
        *err = ngx_errno;
        return "cannot be looked at";
    }

    if (!ngx_is_file(fi)) {
        return "is not a regular file";
    }

    if (ngx_file_size(fi) > NGX_HTTP_AUTH_TOKEN_MAX_SECRET) {
        return "is too large";
    }

    n = ngx_read_fd(fd, room, NGX_HTTP_AUTH_TOKEN_MAX_SECRET);

    if (n == -1) {
        *err = ngx_errno;
        return "cannot be read";
    }

    text->data = room;
    text->len = n;

    if (text->len && room[text->len - 1] == LF) {
        text->len--;
    }

    if (text->len && room[text->len - 1] == CR) {
        text->len--;
    }

    return ngx_http_auth_token_secret_check(secret, text);
}


/* a line break in a secret would add a header field to the request */

static const char *
ngx_http_auth_token_secret_check(ngx_http_auth_token_secret_t *secret,
    ngx_str_t *text)
{
    u_char  ch;
    size_t  i;

    if (text->len == 0) {
        return "is empty";
    }

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (secret->lines && (ch == LF || ch == CR || ch == '\t')) {
            continue;
        }

        if (ch < 0x20 || ch == 0x7f) {
            return "has control characters";
        }
    }

    return NULL;
}


ngx_int_t
ngx_http_auth_token_secret_renew(ngx_http_auth_token_secret_t *secret,
    u_char *room, ngx_str_t *text, ngx_log_t *log)
{
    ngx_fd_t                      fd;
    ngx_err_t                     err;
    ngx_int_t                     rc;
    ngx_uint_t                    same;
    const char                   *wrong;
    ngx_file_info_t               fi;
    ngx_http_auth_token_stamp_t   stamp;

    if (secret->path.len == 0 || secret->checked == ngx_time()) {
        return NGX_DECLINED;
    }

    secret->checked = ngx_time();

    if (ngx_file_info(secret->path.data, &fi) == NGX_FILE_ERROR) {
        ngx_http_auth_token_secret_gone(secret, log);
        return NGX_DECLINED;
    }

    secret->gone = 0;

    ngx_http_auth_token_stamp_take(&fi, &stamp);

    same = ngx_http_auth_token_stamp_same(&stamp, &secret->stamp);

    if (same && secret->stamp.settled) {
        return NGX_DECLINED;
    }

    secret->stamp = stamp;

    fd = ngx_open_file(secret->path.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        err = ngx_errno;
        wrong = "cannot be opened";
        rc = NGX_DECLINED;

    } else {
        wrong = ngx_http_auth_token_secret_load(secret, fd, room, text, &fi,
                                                &err);
        rc = NGX_ERROR;
        (void) ngx_close_file(fd);
    }

    if (wrong == NULL) {
        return NGX_OK;
    }

    if (!same) {
        ngx_log_error(NGX_LOG_ERR, log, err,
                      "auth token: secret file \"%V\" has changed and %s, "
                      "the old secret stays in use", &secret->path, wrong);
    }

    return rc;
}


/* a worker that may not look into the directory never could */

static void
ngx_http_auth_token_secret_gone(ngx_http_auth_token_secret_t *secret,
    ngx_log_t *log)
{
    ngx_err_t  err;

    err = ngx_errno;

    if (err == NGX_EACCES || secret->gone) {
        return;
    }

    secret->gone = 1;

    ngx_log_error(NGX_LOG_ERR, log, err,
                  "auth token: secret file \"%V\" is gone, "
                  "the old secret stays in use", &secret->path);
}
