// The layer order of ARCHITECTURE.md: a file imports from its own folder and from smaller layers only;
// folders of one layer do not see each other, and `_name.ts` is private to its folder.
const layers = [
  ['base'],
  ['engine', 'frame'],
  ['wire', 'recovery'],
  ['qdisc', 'pcap'],
  ['net', 'analysis'],
  ['ip', 'tls'],
  ['tcp', 'quic'],
  ['stack'],
  ['traffic', 'packetdrill', 'bgp', 'cdn', 'lab'],
  ['scenario'],
  ['report', 'edge'],
  ['cli'],
];

const layerRules = layers.flatMap((folders, index) =>
  folders.map((folder) => {
    const below = layers.slice(0, index).flat();
    const allowed = [folder, ...below].join('|');
    return {
      name: `layer-${folder}`,
      comment: `src/${folder} (layer ${index}) imports only from its own folder and smaller layers`,
      severity: 'error',
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/(${allowed})/` },
    };
  }),
);

module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'private-file',
      comment: '_name.ts is private to its folder',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/_', pathNot: '^src/$1/' },
    },
    {
      name: 'no-node-in-core',
      comment: 'layers 0 to 9 are pure: no Node modules',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(edge|cli)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-package-in-core',
      comment: 'the pure layers have no run-time packages; scenario/ may use the schema library',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(edge|cli|scenario)/' },
      to: { dependencyTypes: ['npm', 'npm-optional', 'npm-dev', 'npm-no-pkg'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.dts.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
