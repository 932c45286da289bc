/** The one worker that decodes frames. It fetches nothing: bytes come from the page, so that exports work too. */
import { DecodeQueue, type DecodeReply, type DecodeRequest } from './decode_queue';
import { zstdReady } from './zstd';

interface WorkerScope {
  postMessage(reply: DecodeReply, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<DecodeRequest>) => void) | null;
}
const scope = self as unknown as WorkerScope;

const channel = new MessageChannel();
let waiting: (() => void) | null = null;
channel.port1.onmessage = () => {
  const next = waiting;
  waiting = null;
  next?.();
};

const queue = new DecodeQueue(
  (reply, transfer) => scope.postMessage(reply, transfer),
  (next) => {
    waiting = next;
    channel.port2.postMessage(null);
  },
);

/** Messages keep their order: all wait for the same moment. */
const ready = zstdReady();
scope.onmessage = ({ data }) => {
  ready.then(
    () => queue.take(data),
    (error: Error) => scope.postMessage({ kind: 'error', id: data.id, message: error.message }, []),
  );
};
