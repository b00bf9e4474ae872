/* web/page_error.c - what a person sees when something cannot be done: what happened, and what to do
 * now; and addresses with a query. See page.h. */
#include "web/page_int.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/who.h"
#include "codec/url.h"
#include "web/kept.h"
#include "web/pages.h"
#include "web/tpl.h"

/* Headline and advice by failure; what err_text() says stands between them. */
static const struct page_fault {
    enum err code;
    const char *title;
    const char *advice;
} faults[] = {
    {E_BAD_INPUT, T("This could not be accepted"),
     T("Go back, correct what is named above and send it again. What you typed is still there.")},
    {E_SYNTAX, T("This could not be read"),
     T("Go back and send the form again. If it happens again, tell the administrator.")},
    {E_SIGN_IN, T("Your sign-in has ended"),
     T("Sign in in another window, then go back in this one and send the form again: what you typed "
       "is still there, and drafts are kept on the server.")},
    {E_FORBIDDEN, T("This is not for your role"),
     T("Your role does not open this page or do this. If you work in several roles, choose another "
       "one in the menu at the top. Nothing was changed.")},
    {E_NOT_FOUND, T("Not found"),
     T("Check the address, or look for the case in your lists. Cases of other teams are not shown.")},
    {E_METHOD, T("This address does not work so"), T("Go back to the page you came from.")},
    {E_CONFLICT, T("This cannot be done now"),
     T("The case has moved on, or somebody did the same before you. Open it again: it shows the "
       "present state and what can be done next. Nothing was changed.")},
    {E_GONE, T("This was removed"), T("Go back to your lists.")},
    {E_STALE, T("Somebody was faster"),
     T("Open the case again to see what changed, then decide anew. Nothing of yours was "
       "applied.")},
    {E_TOO_LARGE, T("This is too large"),
     T("Shorten the text, or send large files one by one as attachments. Nothing was changed.")},
    {E_MEDIA_TYPE, T("This kind of file is not accepted"),
     T("Accepted are PDF, images, DICOM, video, audio and text. Save the file as one of these and "
       "send it again.")},
    {E_LOCKED, T("Too many attempts"), T("Wait for a while, then try again.")},
    {E_CHECKSUM, T("The file changed on the way"), T("Send the file again.")},
    {E_BUSY, T("The server is busy"),
     T("Wait a moment and try again. Nothing was lost or changed.")},
    {E_IO, T("The server cannot reach its data"),
     T("Try again in a few minutes. If it lasts, use the telephone for urgent cases and tell the "
       "administrator.")},
    {E_UNANSWERED, T("It was done, but cannot be shown"),
     T("Open your lists or the case again: they show what was done. Do not send it a second time.")},
    {E_FULL, T("The server has no room left"),
     T("Reading still works. For urgent cases use the telephone. What you typed stays on this page: "
       "go back and send it later.")},
    {E_INTERNAL, T("Something went wrong on the server"),
     T("Nothing was changed. Try again; if it happens again, tell the administrator the number "
       "below.")},
};

static const struct page_fault *fault_find(enum err code)
{
    for (size_t i = 0; i < LEN(faults); i++) {
        if (faults[i].code == code) {
            return &faults[i];
        }
    }
    return code == E_UNPROCESSED ? &faults[0] : &faults[LEN(faults) - 1];
}

/* "/sign-in?next=..." with this page's address. */
static struct str sign_in_path(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 16 << 10);
    BUF_LIT(&b, "/sign-in");
    if (h->path.n > 1) {
        BUF_LIT(&b, "?next=");
        url_encode(&b, h->path, URL_PATH);
        if (h->query.n > 0) {
            BUF_LIT(&b, "%3F");
            url_encode(&b, h->query, URL_COMPONENT);
        }
    }
    return buf_ok(&b) ? buf_get(&b) : S("/sign-in");
}

/* Of somebody who must choose a password of their own first. */
static const struct page_fault must_fault = {
    E_FORBIDDEN, T("Choose your own password first"),
    T("Your password was set by somebody else. Change it on the page of your account, then do this "
      "again. Nothing was changed."),
};

/* Of somebody whose role asks for a second step of signing in. */
static const struct page_fault owes_fault = {
    E_FORBIDDEN, T("Set up one-time codes or a passkey first"),
    T("Your role asks for more than a password. Set up one-time codes or a passkey on the page of your "
      "sign-in, then do this again. Nothing was changed."),
};

/* A form that was open while its sign-in ended, or in two windows. */
static const struct page_fault stale_form_fault = {
    E_FORBIDDEN, T("This page was open for too long"),
    T("You have signed in anew since it was opened, or in another window. Go back, reload the page "
      "and send the form again. Nothing was changed."),
};

enum err page_render_error(struct http_req *h, enum err code)
{
    struct err_rec failure = h->rq.err;
    bool held = code == E_FORBIDDEN && h->caller.held != NULL && h->rq.who != NULL;
    bool must = held && h->rq.who->must_change;
    bool stale = code == E_FORBIDDEN && str_eq(str_z(failure.detail), S("form token"));
    const struct page_fault *f = must    ? &must_fault
                                 : held  ? &owes_fault
                                 : stale ? &stale_form_fault
                                         : fault_find(code);
    err_clear(&h->rq);
    if (held && h->method == GET && h->caller.kind == CALLER_SESSION) {
        return http_redirect(h, must ? S("/account?must=1") : S(ACCOUNT_SIGN_IN));
    }
    if (code == E_SIGN_IN && h->method == GET) {
        return http_redirect(h, sign_in_path(h));
    }
    if (code == E_SIGN_IN && kept_has(h)) {
        return web_sign_in_again(h);
    }
    if (stale && kept_has(h)) {
        return kept_page(h, 403, h->path, h->caller.csrf);
    }
    struct val *root = page_frame(h, f->title);
    struct val *error = page_map(root, "error");
    struct buf id;
    buf_init(&id, h->rq.a, 32);
    buf_u64(&id, h->rq.id);
    page_kind(root, "narrow");
    val_set_str(error, "title", tr(h->rq.lang, f->title));
    val_set_str(error, "text", code == E_FORBIDDEN ? S("") : tr(h->rq.lang, err_text(code)));
    const char *abroad = abroad_words(code, failure.detail);
    val_set_str(error, "next", tr(h->rq.lang, abroad != NULL ? abroad : f->advice));
    val_set_bool(error, "sign_in", code == E_SIGN_IN);
    if (err_http(code) >= 500) {
        val_set_str(error, "id", buf_get(&id));
    } else if (code != E_NOT_FOUND && code != E_FORBIDDEN && failure.detail[0] != '\0') {
        val_set_str(error, "place", arena_str(h->rq.a, str_z(failure.detail)));
    }
    return page_reply_status(h, err_http(code), root, tpl_error);
}

void page_query(struct buf *b, const char *key, struct str value)
{
    buf_char(b, str_find_char(buf_get(b), '?') < b->n ? '&' : '?');
    url_encode(b, str_z(key), URL_COMPONENT);
    buf_char(b, '=');
    url_encode(b, value, URL_COMPONENT);
}
