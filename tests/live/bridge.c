/* tests/live/bridge.c - the bridge to media servers on lines: bridge FILES. In: "take ROOM SEAT {json}",
 * "left ROOM SEAT", "over ROOM", "up"; out: "ROOM SEAT {json}" for each message to a page, "up N". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"
#include "os/outgoing.h"
#include "work/janus_bridge.h"

enum { MESH_MOST = 4 };

static void post(void *ctx, struct str room, uint32_t seat, struct str body)
{
    (void)ctx;
    printf("%.*s %u %.*s\n", STR_ARG(room), seat, STR_ARG(body));
    (void)fflush(stdout);
}

static void line_do(struct janus_bridge *b, struct str line)
{
    struct str verb, room, seat_text;
    uint64_t seat = 0;
    if (!str_cut(&line, ' ', &verb)) {
        return;
    }
    if (str_eq(verb, S("up"))) {
        printf("up %u\n", janus_bridge_up(b));
        (void)fflush(stdout);
        return;
    }
    if (!str_cut(&line, ' ', &room)) {
        return;
    }
    if (str_eq(verb, S("over"))) {
        janus_bridge_over(b, room);
        return;
    }
    if (!str_cut(&line, ' ', &seat_text) || !str_u64(seat_text, &seat)) {
        return;
    }
    if (str_eq(verb, S("left"))) {
        janus_bridge_left(b, room, (uint32_t)seat);
    } else if (!janus_bridge_take(b, room, (uint32_t)seat, line)) {
        (void)fprintf(stderr, "not taken\n");
    }
}

int main(int argc, char **argv)
{
    struct req rq;
    struct janus_bridge *b = NULL;
    char *text = NULL;
    size_t size = 0;
    os_outgoing_init();
    req_init(&rq, 1 << 20, os_now());
    const struct janus_bridge_opts o = {
        .servers = str_z(argc > 1 ? argv[1] : ""), .mesh_most = MESH_MOST, .post = post};
    if (janus_bridge_start(&rq, &o, &b) != OK) {
        (void)fprintf(stderr, "%s\n", rq.err.detail);
        return 1;
    }
    for (ssize_t n = getline(&text, &size, stdin); n > 0; n = getline(&text, &size, stdin)) {
        line_do(b, str_trim((struct str){text, (size_t)n}));
    }
    free(text);
    janus_bridge_stop(b);
    req_done(&rq);
    return 0;
}
