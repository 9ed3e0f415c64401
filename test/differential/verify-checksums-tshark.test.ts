import { describe, expect, it } from 'vitest';
import { dissect } from '../../src/wire/dissect.ts';
import { linkLayerFromLinkType } from '../../src/wire/link-layer.ts';
import { DissectStatus, PacketColumns } from '../../src/wire/packet-columns.ts';
import { packetMemory } from '../../src/wire/packet-memory.ts';
import { ChecksumVerdict, verifyChecksums } from '../../src/wire/verify-checksums.ts';
import { captureFiles, captureName, loadCapture } from '../support/captures.ts';
import { CHECK_CHECKSUMS, outerProtocols, tsharkFields, tsharkVersion } from '../support/tshark.ts';

const FIELDS = [
  'frame.protocols',
  'ip.checksum.status',
  'tcp.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
] as const;
type Fields = Record<(typeof FIELDS)[number], string>;

/** tshark's checksum states. */
const BAD = '0';
const GOOD = '1';

const BAD_VERDICTS: Record<string, ChecksumVerdict> = {
  tcp: ChecksumVerdict.BadTcp,
  udp: ChecksumVerdict.BadUdp,
  icmp: ChecksumVerdict.BadIcmp,
  icmpv6: ChecksumVerdict.BadIcmpv6,
};

function tsharkVerdict(fields: Fields): ChecksumVerdict {
  const [network, transport] = outerProtocols(fields['frame.protocols']);
  if (network === '') return ChecksumVerdict.NotIp;
  if (network === 'ip' && fields['ip.checksum.status'] === BAD)
    return ChecksumVerdict.BadIpv4Header;
  const bad = BAD_VERDICTS[transport];
  if (bad === undefined) return ChecksumVerdict.Unverifiable;
  const status = fields[`${transport}.checksum.status` as keyof Fields];
  if (status === BAD) return bad;
  return status === GOOD ? ChecksumVerdict.Good : ChecksumVerdict.Unverifiable;
}

const version = tsharkVersion();
if (version === undefined)
  console.warn('tshark is not installed: checksums are not compared with it');

describe.skipIf(version === undefined)('verifyChecksums, beside tshark', () => {
  it.each(captureFiles().map((path) => [captureName(path), path]))(
    'gives the same verdict on every packet of %s',
    (_name, path) => {
      const { bytes, rows, linkType } = loadCapture(path);
      const memory = packetMemory(bytes);
      const columns = new PacketColumns(1);
      const theirs = tsharkFields(path, FIELDS, CHECK_CHECKSUMS);
      for (const [packet, fields] of theirs.entries()) {
        const layer = linkLayerFromLinkType(linkType(packet));
        const offset = rows.offset[packet] as number;
        const captured = rows.capturedLength[packet] as number;
        const original = rows.originalLength[packet] as number;
        dissect(memory.view, offset, captured, original, layer, columns, 0);
        const isIp = columns.ipVersion[0] !== 0;
        const network = isIp ? offset + (columns.networkOffset[0] as number) : -1;
        const ours = verifyChecksums(memory, network, offset + captured, offset + original);
        if (columns.status[0] === DissectStatus.Malformed) {
          // The packet ends before its own length says: tshark sums what is there, we judge its IPv4 header only.
          const isBadHeader = tsharkVerdict(fields) === ChecksumVerdict.BadIpv4Header;
          const expected = isBadHeader
            ? ChecksumVerdict.BadIpv4Header
            : ChecksumVerdict.Unverifiable;
          expect(ours, `packet ${packet + 1}`).toBe(expected);
          continue;
        }
        // Of link types that we do not read, we have nothing to say.
        const expected = isIp ? tsharkVerdict(fields) : ChecksumVerdict.NotIp;
        expect(ours, `packet ${packet + 1}`).toBe(expected);
      }
    },
  );
});
