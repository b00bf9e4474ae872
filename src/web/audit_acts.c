/* web/audit_acts.c - what was done to accounts, people, organisations and duty, in words. See
 * audit_about.h. */
#include "base/text.h"
#include "fhir/type.h"
#include "web/audit_about.h"

/* The first row that fits is it: of the action, of the type (0: of any), with a detail that begins
 * so. */
/* clang-format off */
static const struct {
    enum audit_action action;
    uint16_t type;
    const char *detail;
    const char *text;
} acts[] = {
    {AUDIT_ADMIN, 0, "account added", T("added an account")},
    {AUDIT_ADMIN, 0, "account closed", T("shut the account")},
    {AUDIT_ADMIN, 0, "time stamps asked for again", T("asked again for time stamps")},
    {AUDIT_ADMIN, 0, "account opened", T("opened the account again")},
    {AUDIT_ADMIN, 0, "invited to choose a password, by e-mail", T("invited by e-mail to choose a password")},
    {AUDIT_ADMIN, 0, "invited to choose a password", T("invited by a link to choose a password")},
    {AUDIT_ADMIN, 0, "invitation withdrawn", T("withdrew the invitation")},
    {AUDIT_ADMIN, 0, "import laid ready", T("laid a file of people or organisations ready")},
    {AUDIT_ADMIN, 0, "import taken away", T("took a file of people or organisations away")},
    {AUDIT_ADMIN, 0, "import applied", T("applied a file of people or organisations")},
    {AUDIT_ADMIN, 0, "application registered", T("registered an application")},
    {AUDIT_ADMIN, 0, "application revoked", T("revoked an application")},
    {AUDIT_ADMIN, 0, "certificate issued", T("got a key for signing")},
    {AUDIT_ADMIN, 0, "retention: the clock is right", T("said that the clock of the server is right")},
    {AUDIT_DELETE, 0, "retention: ", T("removed what was past its term")},
    {AUDIT_DELETE, 0, "draft expired", T("removed what was past its term")},
    {AUDIT_ADMIN, 0, "notice sent again", T("had a notice sent again")},
    {AUDIT_PASSWORD, 0, "set by administrator", T("set a password")},
    {AUDIT_PASSWORD, 0, "chosen by invitation", T("chose the password by the invitation")},
    {AUDIT_PASSWORD, 0, "set by invitation", T("chose the password by the invitation")},
    {AUDIT_LOGIN, 0, "with passkey", T("signed in with a passkey")},
    {AUDIT_LOGIN, 0, "by invitation", T("signed in by the invitation")},
    {AUDIT_FACTOR, 0, "secret made", T("began to set up one-time codes")},
    {AUDIT_FACTOR, 0, "set up", T("set up one-time codes")},
    {AUDIT_FACTOR, 0, "switched off", T("switched one-time codes off")},
    {AUDIT_FACTOR, 0, "code asked for", T("was asked for the second step")},
    {AUDIT_FACTOR, 0, "recovery codes made", T("made recovery codes")},
    {AUDIT_FACTOR, 0, "recovery code used", T("used a recovery code")},
    {AUDIT_FACTOR, 0, "taken away by administrator", T("took one-time codes away")},
    {AUDIT_FACTOR, 0, "passkeys taken away", T("took passkeys away")},
    {AUDIT_FACTOR, 0, "passkey asked for", T("began to add a passkey")},
    {AUDIT_FACTOR, 0, "passkey added", T("added a passkey")},
    {AUDIT_FACTOR, 0, "passkey refused", T("could not add a passkey")},
    {AUDIT_FACTOR, 0, "passkey renamed", T("renamed a passkey")},
    {AUDIT_FACTOR, 0, "passkey removed", T("removed a passkey")},
    {AUDIT_FACTOR, 0, "tied to a person of", T("tied the account to the identity provider")},
    {AUDIT_FACTOR, 0, "untied from", T("untied the account from the identity provider")},
    {AUDIT_FACTOR, 0, "let in by", T("passed the second step at the identity provider")},
    {AUDIT_SESSION, 0, "one, by", T("ended a session of theirs")},
    {AUDIT_SESSION, 0, "all others, by", T("ended all other sessions of theirs")},
    {AUDIT_SESSION, 0, "all, by", T("ended all sessions of the account")},
    {AUDIT_TOKEN, 0, "token added", T("added an access token")},
    {AUDIT_TOKEN, 0, "token revoked", T("revoked an access token")},
    {AUDIT_GRANT, T_PRACTITIONER, "grant ended", T("let an application in no longer")},
    {AUDIT_UPDATE, 0, "notices by", T("changed where notices are sent")},
    {AUDIT_CREATE, T_PRACTITIONER, "", T("added a person")},
    {AUDIT_UPDATE, T_PRACTITIONER, "dismissed", T("dismissed")},
    {AUDIT_UPDATE, T_PRACTITIONER, "", T("changed a person's particulars")},
    {AUDIT_CREATE, T_PRACTITIONER_ROLE, "role given by the", T("got a role from the identity provider")},
    {AUDIT_CREATE, T_PRACTITIONER_ROLE, "", T("gave a role")},
    {AUDIT_UPDATE, T_PRACTITIONER_ROLE, "role given by the", T("got a role from the identity provider")},
    {AUDIT_UPDATE, T_PRACTITIONER_ROLE, "role ended by the", T("lost a role that the identity provider names no more")},
    {AUDIT_UPDATE, T_PRACTITIONER_ROLE, "role ended", T("ended a role")},
    {AUDIT_UPDATE, T_PRACTITIONER_ROLE, "", T("changed a role")},
    {AUDIT_CREATE, T_ORGANIZATION, "", T("added an organisation")},
    {AUDIT_UPDATE, T_ORGANIZATION, "closed", T("closed an organisation")},
    {AUDIT_UPDATE, T_ORGANIZATION, "opened again", T("opened an organisation again")},
    {AUDIT_UPDATE, T_ORGANIZATION, "", T("changed an organisation")},
    {AUDIT_CREATE, T_HEALTHCARE_SERVICE, "", T("added a service")},
    {AUDIT_UPDATE, T_HEALTHCARE_SERVICE, "closed", T("ended a service")},
    {AUDIT_UPDATE, T_HEALTHCARE_SERVICE, "", T("changed a service")},
    {AUDIT_CREATE, T_SLOT, "taken", T("took duty")},
    {AUDIT_CREATE, T_SLOT, "", T("planned duty")},
    {AUDIT_UPDATE, T_SLOT, "duty struck", T("struck a turn of duty")},
    {AUDIT_UPDATE, T_SLOT, "duty shortened", T("ended a turn of duty earlier")},
    {AUDIT_UPDATE, T_SLOT, "duty offered", T("offered a turn of duty")},
    {AUDIT_UPDATE, T_SLOT, "offer of duty ended", T("took back or declined an offer of duty")},
    {AUDIT_CREATE, T_SCHEDULE, "", T("made hours of reception")},
    {AUDIT_UPDATE, T_SCHEDULE, "", T("changed hours of reception")},
};
/* clang-format on */

const char *audit_act(const struct audit_row *r)
{
    for (size_t i = 0; i < LEN(acts); i++) {
        if (acts[i].action == r->action && (acts[i].type == 0 || acts[i].type == r->type)
            && str_starts(r->detail, str_z(acts[i].detail))) {
            return acts[i].text;
        }
    }
    return NULL;
}
