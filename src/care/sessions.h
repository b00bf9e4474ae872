/* care/sessions.h - the sessions of a person as they and administrators see them, and ending them. */
#pragma once

#include "care/account.h"

enum { SESSIONS_SHOWN = 50, SESSION_ID_LEN = 32 };

struct session_seen {
    struct str id;  /* names it to its person; opens nothing */
    struct instant begun, seen, until; /* seen: within some minutes */
    int64_t agent;  /* device_browser(), device_system() of care/device.h */
    enum device_place place;
    bool here;      /* the one that asks */
};
/* Of an account, the newest first, at most n (SESSIONS_SHOWN). */
MUST_USE enum err session_list(struct req *rq, int64_t account, struct session_seen *ret_all, uint32_t n,
                               uint32_t *ret_n);
/* Ends one of the person who acts. errors E_NOT_FOUND; the commit gives E_STALE when it ended meanwhile */
MUST_USE enum err session_end(struct req *rq, struct tx *tx, struct str id);
/* All but the one that asks. */
MUST_USE enum err sessions_end_others(struct req *rq, struct tx *tx);
/* All of an account, by an administrator. */
MUST_USE enum err sessions_end_all(struct req *rq, struct tx *tx, const struct account *acc);
