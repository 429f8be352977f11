// The built daemon, $TRIGGERD, in a folder of its own; and another end that misbehaves as a test says.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Frames, frame } from '../lib/connection.js';

const CAMPAIGNS = `
campaigns:
- campaign: abandoned-cart
  trigger: {type: custom_event, event: add_to_cart, where: {property: cart_value, gte: 100}}
  delay: 30m
  re_eligibility: {after: 0s}
  messages: [{channel: email, subject: "{{ event.item }}", body: x}]
- campaign: welcome
  trigger: {type: custom_event, event: signed_up}
  messages: [{channel: in_app, title: "Hello {{ event.name }}"}]
`;

export class Daemon {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'triggerd-'));
  address = `unix:${this.folder}/s`;

  constructor() {
    fs.mkdirSync(`${this.folder}/campaigns`);
    fs.writeFileSync(`${this.folder}/campaigns/all.yaml`, CAMPAIGNS);
  }

  async start() {
    const places = ['--data', `${this.folder}/data`, '--socket', `${this.folder}/s`, '--campaigns', `${this.folder}/campaigns`];
    this.process = spawn(process.env.TRIGGERD, ['serve', ...places], { stdio: ['ignore', 'pipe', 'ignore'] });
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    for await (const line of createInterface({ input: this.process.stdout })) if (line.endsWith('ready')) return this;
    throw new Error('the daemon did not start');
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async close() {
    await this.kill();
    fs.rmSync(this.folder, { recursive: true });
  }
}

/** `answer(connection, body)` gives the body of the answer, null to close, undefined to say nothing. */
export async function serve(answer) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'triggerd-'));
  let connections = 0;
  const sockets = new Set();
  const server = net.createServer((socket) => {
    const number = connections++;
    const frames = new Frames();
    sockets.add(socket);
    socket.on('error', () => {}); // The client left.
    socket.on('data', (chunk) => {
      for (const { stream, body } of frames.read(chunk)) {
        const reply = answer(number, body);
        if (reply === null) socket.destroy();
        else if (reply !== undefined) socket.write(frame(stream, 2, 0, reply));
      }
    });
  });
  await new Promise((resolve) => server.listen(`${folder}/s`, resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    fs.rmSync(folder, { recursive: true });
  };
  return { address: `unix:${folder}/s`, close };
}
