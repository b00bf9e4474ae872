/* http/asset.h - style sheets, scripts, images: served from memory under names that hold a hash of
 * the content, so that browsers keep them for ever. */
#pragma once

#include "http/http.h"

struct http_assets;

/* A file as built into the program or read from a folder. */
struct http_asset {
    struct str name;  /* "app.css" */
    struct str bytes; /* lives as long as the program */
    struct str zipped; /* the same by gzip; p NULL: compressed here when that pays */
};

/* gives a table for these files; end it with http_assets_free(). Compresses once what
 * is not compressed yet. sealed: people reach us by https. */
struct http_assets *http_assets_new(const struct http_asset *files, size_t n, bool sealed);
void http_assets_free(struct http_assets *t);
/* "/assets/app.0123456789abcdef.css" for "app.css"; name itself when there is no such file. */
struct str http_asset_url(const struct http_assets *t, struct str name);
/* Answers a request for that last segment ("app.0123456789abcdef.css" or "app.css").
 * errors E_NOT_FOUND */
MUST_USE enum err http_reply_asset(struct http_req *h, const struct http_assets *t,
                                   struct str segment);
