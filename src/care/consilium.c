/* care/consilium_flow.c - several clinicians decide about a patient together: called, convened once a quorum
 * takes part, opinions, a drafted decision, a protocol signed by all.
 *
 * Each patient of the agenda has a request that goes through these states; what concerns the whole
 * meeting (call, convene, begin, who takes part) is done for every open patient at once. Quorum,
 * opinions and signatures are needs of the rows: no quorum, no decision. The protocol is fixed as
 * bytes before the first signature; "reopen" begins a new version and keeps the old one. */
#include "care/consilium_flow.h"

#include "base/text.h"
#include "care/notice.h"

enum {
    FORMING = CONSILIUM_FORMING,
    CONVENED = CONSILIUM_CONVENED,
    DELIBERATING = CONSILIUM_DELIBERATING,
    DRAFTED = CONSILIUM_DRAFTED,
    SIGNING = CONSILIUM_SIGNING,
    CLOSED = CONSILIUM_CLOSED,
    CANCELLED = CONSILIUM_CANCELLED
};

/* clang-format off */
static const struct care_state states[] = {
    /* name             title                               Task.status    promise       turn            flags */
    [FORMING]      = {"quorum-forming",   T("Members are being asked"),     "requested",   CLOCK_ACCEPT, TURN_MEMBER,    STATE_BEGIN},
    [CONVENED]     = {"convened",         T("Convened"),                    "accepted",    CLOCK_ANSWER, TURN_CHAIR,     0},
    [DELIBERATING] = {"deliberating",     T("Opinions are being given"),    "in-progress", CLOCK_ANSWER, TURN_MEMBER,    0},
    [DRAFTED]      = {"decision-drafted", T("The decision is drafted"),     "in-progress", CLOCK_ANSWER, TURN_CHAIR,     0},
    [SIGNING]      = {"signing",          T("The protocol is being signed"), "in-progress", CLOCK_ANSWER, TURN_MEMBER,   0},
    [CLOSED]       = {"closed",           T("Decided and signed"),          "completed",   CLOCK_NONE,   TURN_NOBODY,    STATE_FINAL},
    [CANCELLED]    = {"cancelled",        T("Called off"),                  "cancelled",   CLOCK_NONE,   TURN_NOBODY,    STATE_FINAL},
};

#define ASKER ACTOR_ASKER
#define CHAIR ACTOR_CHAIR
#define SECRETARY ACTOR_SECRETARY
#define MEMBER ACTOR_MEMBER
#define CLOCK ACTOR_CLOCK

static const struct care_move moves[] = {
    /* action, button, timeline, from, to, who, need, tell, set, notice */
    {"call", T("Call the consilium"), T("The consilium was called"), FORMING, FORMING, SECRETARY, 0, TELL_CHAIR | TELL_MEMBER, 0, NOTICE_CONSILIUM_CALLED},
    {"accept", T("I take part"), T("A member takes part"), FORMING, FORMING, MEMBER, 0, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"decline", T("I cannot take part"), T("A member does not take part"), FORMING, FORMING, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"substitute", T("Somebody takes my place"), T("A member named a substitute"), FORMING, FORMING, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"invite", T("Ask one more"), T("One more member was asked"), FORMING, FORMING, CHAIR | SECRETARY, 0, TELL_CHAIR, 0, NOTICE_CONSILIUM_CALLED},
    {"accept", T("I take part"), T("A member takes part"), CONVENED, CONVENED, MEMBER, 0, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"decline", T("I cannot take part"), T("A member does not take part"), CONVENED, CONVENED, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"substitute", T("Somebody takes my place"), T("A member named a substitute"), CONVENED, CONVENED, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"invite", T("Ask one more"), T("One more member was asked"), CONVENED, CONVENED, CHAIR | SECRETARY, 0, TELL_CHAIR, 0, NOTICE_CONSILIUM_CALLED},
    {"accept", T("I take part"), T("A member takes part"), DELIBERATING, DELIBERATING, MEMBER, 0, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"decline", T("I cannot take part"), T("A member does not take part"), DELIBERATING, DELIBERATING, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"substitute", T("Somebody takes my place"), T("A member named a substitute"), DELIBERATING, DELIBERATING, MEMBER, NEED_REASON, TELL_SECRETARY, 0, NOTICE_CONSILIUM_ANSWER},
    {"invite", T("Ask one more"), T("One more member was asked"), DELIBERATING, DELIBERATING, CHAIR | SECRETARY, 0, TELL_CHAIR, 0, NOTICE_CONSILIUM_CALLED},
    {"convene", T("Convene: the quorum is there"), T("The consilium is convened"), FORMING, CONVENED, CHAIR | SECRETARY, NEED_QUORUM, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_CONVENED},
    {"begin", T("Begin"), T("The consilium has begun"), CONVENED, DELIBERATING, CHAIR | SECRETARY, NEED_QUORUM, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_BEGUN},
    {"opinion", T("Sign my opinion"), T("A member gave an opinion"), DELIBERATING, DELIBERATING, MEMBER, NEED_TEXT, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_VOICE},
    {"beside", T("Sign the opinion as told"), T("The opinion of a member was entered by the clinician beside the patient"), DELIBERATING, DELIBERATING, ASKER, NEED_TEXT, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_VOICE},
    {"abstain", T("I give no opinion"), T("A member gives no opinion"), DELIBERATING, DELIBERATING, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_VOICE},
    {"absent", T("Mark as absent"), T("A member was marked as absent"), DELIBERATING, DELIBERATING, CHAIR, NEED_REASON, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_ABSENT},
    {"extend", T("Give more time"), T("More time was given for opinions in writing"), CONVENED, CONVENED, CHAIR, NEED_REASON, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_TIME},
    {"extend", T("Give more time"), T("More time was given for opinions in writing"), DELIBERATING, DELIBERATING, CHAIR, NEED_REASON, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_TIME},
    {"draft", T("Put the decision before the members"), T("The decision was drafted"), DELIBERATING, DRAFTED, CHAIR | SECRETARY, NEED_QUORUM | NEED_OPINIONS | NEED_TEXT, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_DRAFTED},
    {"dissent", T("Record my dissenting opinion"), T("A member recorded a dissenting opinion"), DRAFTED, DRAFTED, MEMBER, NEED_TEXT, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_VOICE},
    {"return", T("Back to the discussion"), T("The decision went back to the discussion"), DRAFTED, DELIBERATING, CHAIR | SECRETARY, NEED_REASON, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_BACK},
    {"present", T("Fix the protocol for signing"), T("The protocol was fixed for signing"), DRAFTED, SIGNING, CHAIR, NEED_QUORUM | NEED_OPINIONS | NEED_CONCLUSION, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, SET_CONCLUSION, NOTICE_CONSILIUM_SIGN},
    {"sign", T("Sign the protocol"), T("A member signed the protocol"), SIGNING, SIGNING, MEMBER, NEED_CONCLUSION, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_SIGNED},
    {"refuse", T("Refuse to sign"), T("A member refused to sign the protocol"), SIGNING, SIGNING, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_SIGNED},
    {"reopen", T("Take the protocol back"), T("The protocol was taken back: a new version follows"), SIGNING, DELIBERATING, CHAIR, NEED_REASON, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_BACK},
    {"close", T("Close: the decision stands"), T("The consilium has decided"), SIGNING, CLOSED, CHAIR | SECRETARY, NEED_QUORUM | NEED_SIGNATURES, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_CLOSED},
    {"leave", T("Leave the consilium"), T("A member left"), CONVENED, CONVENED, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_LEFT},
    {"leave", T("Leave the consilium"), T("A member left"), DELIBERATING, DELIBERATING, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_LEFT},
    {"leave", T("Leave the consilium"), T("A member left"), DRAFTED, DRAFTED, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_LEFT},
    {"leave", T("Leave the consilium"), T("A member left"), SIGNING, SIGNING, MEMBER, NEED_REASON, TELL_CHAIR | TELL_SECRETARY, 0, NOTICE_CONSILIUM_LEFT},
    {"cancel", T("Call it off"), T("The consilium was called off"), FORMING, CANCELLED, CHAIR | SECRETARY, NEED_REASON, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_OFF},
    {"cancel", T("Call it off"), T("The consilium was called off"), CONVENED, CANCELLED, CHAIR | SECRETARY, NEED_REASON, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_OFF},
    {"cancel", T("Call it off"), T("The consilium was called off"), DELIBERATING, CANCELLED, CHAIR | SECRETARY, NEED_REASON, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_OFF},
    {"cancel", T("Call it off"), T("The consilium was called off"), DRAFTED, CANCELLED, CHAIR | SECRETARY, NEED_REASON, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_OFF},
    {"cancel", T("Call it off"), T("The consilium was called off"), SIGNING, CANCELLED, CHAIR | SECRETARY, NEED_REASON, TELL_ASKER | TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, 0, NOTICE_CONSILIUM_OFF},
    {"remind", "", T("Reminder: the time to answer the invitation is running out"), FORMING, FORMING, CLOCK, 0, TELL_MEMBER, RAISE_REMINDED, NOTICE_CONSILIUM_DUE},
    {"overdue", "", T("The time to form the quorum has passed"), FORMING, FORMING, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_OVERDUE, NOTICE_CONSILIUM_LATE},
    {"escalate", "", T("No quorum yet: the head was told"), FORMING, FORMING, CLOCK, 0, TELL_HEAD | TELL_CHAIR, RAISE_ESCALATED, NOTICE_CONSILIUM_LATE},
    {"remind", "", T("Reminder: the time to decide is running out"), CONVENED, CONVENED, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_REMINDED, NOTICE_CONSILIUM_DUE},
    {"overdue", "", T("The time to decide has passed"), CONVENED, CONVENED, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_OVERDUE, NOTICE_CONSILIUM_LATE},
    {"escalate", "", T("Still not decided: the head was told"), CONVENED, CONVENED, CLOCK, 0, TELL_HEAD | TELL_CHAIR, RAISE_ESCALATED, NOTICE_CONSILIUM_LATE},
    {"remind", "", T("Reminder: the time to decide is running out"), DELIBERATING, DELIBERATING, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, RAISE_REMINDED, NOTICE_CONSILIUM_DUE},
    {"overdue", "", T("The time to decide has passed"), DELIBERATING, DELIBERATING, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_OVERDUE, NOTICE_CONSILIUM_LATE},
    {"escalate", "", T("Still not decided: the head was told"), DELIBERATING, DELIBERATING, CLOCK, 0, TELL_HEAD | TELL_CHAIR, RAISE_ESCALATED, NOTICE_CONSILIUM_LATE},
    {"remind", "", T("Reminder: the time to decide is running out"), DRAFTED, DRAFTED, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_REMINDED, NOTICE_CONSILIUM_DUE},
    {"overdue", "", T("The time to decide has passed"), DRAFTED, DRAFTED, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_OVERDUE, NOTICE_CONSILIUM_LATE},
    {"escalate", "", T("Still not decided: the head was told"), DRAFTED, DRAFTED, CLOCK, 0, TELL_HEAD | TELL_CHAIR, RAISE_ESCALATED, NOTICE_CONSILIUM_LATE},
    {"remind", "", T("Reminder: the time to decide is running out"), SIGNING, SIGNING, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER, RAISE_REMINDED, NOTICE_CONSILIUM_DUE},
    {"overdue", "", T("The time to decide has passed"), SIGNING, SIGNING, CLOCK, 0, TELL_CHAIR | TELL_SECRETARY, RAISE_OVERDUE, NOTICE_CONSILIUM_LATE},
    {"escalate", "", T("Still not decided: the head was told"), SIGNING, SIGNING, CLOCK, 0, TELL_HEAD | TELL_CHAIR, RAISE_ESCALATED, NOTICE_CONSILIUM_LATE},
};
/* clang-format on */

const struct care_flow care_consilium = {
    .name = "consilium",
    .title = T("Consilium"),
    .states = states,
    .moves = moves,
    .n_states = LEN(states),
    .n_moves = LEN(moves),
    .own = true,
};
