/* web/page.h - the frame of every page: shell, forms, errors, and the end of a POST.
 *
 * A handler: page_begin() gives the map the template reads, the handler fills it, page_reply()
 * renders the template, which begins with "head.html" and ends with "foot.html". page_begin sets:
 *
 *   page     title, lang, path (this address with its query), now, kind ("wide", "narrow"),
 *            events, upload, demo
 *   csrf once   form token; a new key that makes a form count once
 *   me       absent when nobody is signed in: name, login, person, role, org, choose (several roles,
 *            none chosen yet), roles: list of {id, title, org, current}
 *   may      ask, answer, coordinate, head, register, admin, audit: true when so
 *   nav langs bell.unread flash   what head.html shows
 *   errors   list of {field, text}, see page_error(); errors.html shows them
 *   fields   by name, see page_field(): what field_*.html take as f
 *
 * A form includes "form_key.html" (csrf and once).
 */
#pragma once

#include "http/http.h"
#include "web/view.h"

struct tx;
struct text_arg;

enum { PAGE_CAP = 3 << 20 }; /* most bytes of one page */
/* Where people see to their own signing in: second step, devices, sessions. */
#define ACCOUNT_SIGN_IN "/account/sign-in"

/* Begins a page. title: msgid.
 * gives    *ret_root: a map in h->rq.a
 * errors   E_IO  the number of notices cannot be read; E_TOO_LARGE */
MUST_USE enum err page_begin(struct http_req *h, const char *title, struct val **ret_root);
/* Replaces the title by a text that is already in the reader's language. */
void page_title(struct val *root, struct str title);
/* "wide" (desk, worklists, a case) or "narrow" (one form): a literal. */
void page_kind(struct val *root, const char *kind);
/* The page follows a stream of events: "/events?desk=1", "/events?case=ID" (web/live.ts). */
void page_events(struct val *root, struct str address);
/* The page sends files: upload.js comes along. */
void page_upload(struct val *root);
/* The page shows medical images: viewer.css comes along. */
void page_viewer(struct val *root);
/* The page is a room or tries a camera: room.js comes along, and camera, microphone and screen are
 * allowed, which they are on no other page. With a meeting on it room.css comes too. */
void page_meeting(struct http_req *h, struct val *root);
void page_room(struct http_req *h, struct val *root);
/* A map of the root under key (a literal), made when absent. */
struct val *page_map(struct val *root, const char *key);

/* Renders tpl and answers 200. The end of a handler.
 * errors   E_TOO_LARGE  the page or its values outgrew their caps */
MUST_USE enum err page_reply(struct http_req *h, struct val *root, view_tpl_fn tpl);
/* The same with another status: 422 for a form with errors. */
MUST_USE enum err page_reply_status(struct http_req *h, unsigned status, struct val *root,
                                    view_tpl_fn tpl);

/* The text of a msgid in the reader's language with its {name}s filled, in h->rq.a. */
struct str page_text(struct http_req *h, const char *msgid, const struct text_arg *args, size_t n);
/* format_duration() of ms as text in h->rq.a: for arguments of page_text. */
struct str page_duration(struct http_req *h, int64_t ms);
/* Minutes east of UTC of the deployment's clock. */
int page_tz(const struct http_req *h);
/* The local time of the region; UTC before the program is whole. */
const struct zone *page_zone(const struct http_req *h);

/* Adds key=value to an address, encoded, with "?" or "&" before it. */
void page_query(struct buf *b, const char *key, struct str value);

/* ---- forms ---- */

/* What was sent in a field, without blanks around it; empty (p not NULL) when absent. */
struct str page_sent(struct http_req *h, const char *name);
/* One fault of a form: field is the name of an input, text a msgid; both literals. The errors stand
 * in the summary in the order given, and at the field when page_field() comes after. */
void page_error(struct http_req *h, struct val *root, const char *field, const char *text);
/* The same with a text that is already in the reader's language. */
void page_error_text(struct val *root, const char *field, struct str text);
bool page_has_errors(const struct val *root);
/* fields.NAME for field_*.html: name, label (msgid), value (what was sent, else value) and the first
 * error of this field. gives the map, to set hint, type, options and so on. */
struct val *page_field(struct http_req *h, struct val *root, const char *name, const char *label,
                       struct str value);
/* The same for a password, which is never sent back; the summary of errors says so. autocomplete: of
 * HTML, "current-password" or "new-password". */
struct val *page_secret(struct http_req *h, struct val *root, const char *name, const char *label,
                        const char *autocomplete);
/* Adds one option to a field of choices; it is on when it is the field's value. label: translated. */
void page_option(struct val *field, struct str value, struct str label);

/* A POST begins with this: true when the same form (its "once" field) was handled before: a double
 * click or a reload. Then the handler returns *ret_e, which leads where the first one led. */
bool page_done_before(struct http_req *h, enum err *ret_e);
/* The end of a POST: commits tx together with the form's "once" key, then redirects (303) to path,
 * a local path in h->rq.a or for ever, as "/desk?done=allocated". Of two at once the second follows
 * the first. When the commit fails otherwise, h->on_fail or the error page answers.
 * Uses h->page_ctx. */
MUST_USE enum err page_commit(struct http_req *h, struct tx *tx, struct str path);
/* prefix + id + suffix in h->rq.a: page_path(h, "/cases/", id, "?done=accepted"). */
struct str page_path(struct http_req *h, const char *prefix, struct str id, const char *suffix);

/* May we send a browser where it asks to go: a path of this server (http_is_local), not too long. */
bool page_may_go(struct str asked);
/* Where a form came from: its field "back" when that is a path of this server, else fallback; with
 * ?done=CODE when done is not NULL. */
struct str page_back(struct http_req *h, const char *fallback, const char *done);

/* ---- errors ---- */

/* Answers a failure of a KIND_PAGE row: http_hooks.render_error. Says what happened and what to do
 * now; somebody who is not signed in is led to the sign-in page and back. */
MUST_USE enum err page_render_error(struct http_req *h, enum err code);
