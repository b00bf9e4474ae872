// A receiver of notifications of subscriptions, and what they say.
import http from 'node:http';
import https from 'node:https';

// A receiver of notifications: what came, by path; status tells what it answers.
export class Receiver {
  constructor(tls) {
    this.came = [];
    this.status = 200;
    const on = (req, res) => {
      let body = '';
      req.on('data', (d) => { body += d; });
      req.on('end', () => {
        this.came.push({ url: req.url, headers: req.headers, answered: this.status, note: JSON.parse(body) });
        if (this.status === 302) res.setHeader('location', `/moved${req.url}`);
        res.statusCode = this.status;
        res.end();
      });
    };
    this.server = tls ? https.createServer(tls, on) : http.createServer(on);
  }

  listen() {
    return new Promise((done) => { this.server.listen(0, '127.0.0.1', () => { this.port = this.server.address().port; done(this); }); });
  }

  of(url, type) {
    return this.came.filter((c) => c.url === url).map((c) => statusOf(c.note)).filter((s) => !type || s.type === type);
  }
}

// The status of a notification, as plain members.
export function statusOf(bundle) {
  const params = bundle.entry[0].resource.parameter;
  const one = (name) => params.find((p) => p.name === name);
  return {
    type: one('type').valueCode,
    status: one('status').valueCode,
    topic: one('topic')?.valueCanonical,
    count: Number(one('eventsSinceSubscriptionStart').valueString),
    error: one('error')?.valueCodeableConcept.text,
    events: params.filter((p) => p.name === 'notificationEvent').map((p) => ({
      number: Number(p.part.find((x) => x.name === 'eventNumber').valueString),
      focus: p.part.find((x) => x.name === 'focus')?.valueReference.reference,
    })),
    entries: bundle.entry.slice(1),
    bundle,
  };
}
