/* care/dismiss.c - somebody leaves. See dismiss.h. */
#include "care/dismiss.h"

#include "care/account.h"
#include "care/directory_write.h"
#include "care/passkey.h"
#include "care/duty.h"
#include "care/room.h"

enum { ACCOUNTS_MAX = 16 };

/* People have one account, but nothing forbids another. */
static enum err accounts_end(struct req *rq, struct tx *tx, struct str person)
{
    struct account all[ACCOUNTS_MAX];
    uint32_t n = 0;

    TRY(accounts_of_person(rq, person, all, ACCOUNTS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        TRY(passkeys_end(tx, all[i].id));
        if (all[i].state != ACCOUNT_CLOSED) {
            TRY(account_close(rq, tx, &all[i]));
        }
    }
    return OK;
}

enum err role_leave(struct req *rq, struct tx *tx, struct str person, struct str role)
{
    const struct directory *dir = NULL;

    TRY(directory_get(rq, &dir));
    TRY(role_end(rq, tx, role));
    return duty_role_left(rq, tx, dir, dir_person_at(dir, person), role, NULL, 0);
}

enum err person_end(struct req *rq, struct tx *tx, struct str person)
{
    const struct directory *dir = NULL;

    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, person);
    if (p == NULL) {
        return FAIL(rq, E_NOT_FOUND, "person");
    }
    if (rq->who != NULL && str_eq(rq->who->person, person)) {
        return FAIL(rq, E_FORBIDDEN, "oneself");
    }
    if (!p->active) {
        return FAIL(rq, E_CONFLICT, "left already");
    }
    for (uint32_t i = 0; i < p->n_roles; i++) {
        TRY(role_end(rq, tx, p->roles[i].id));
    }
    TRY(duty_left(rq, tx, dir, dir_person_at(dir, p->id)));
    TRY(person_dismiss(rq, tx, p->id));
    TRY(accounts_end(rq, tx, p->id));
    return room_out_of_all(rq, tx, p->id);
}
