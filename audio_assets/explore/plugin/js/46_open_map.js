// The Embeddings panel opens on a list of runs (FiftyOne 1.22.1 forgets the run in a workspace).
// When a data set is opened, it shows the first checkpoint's UMAP by class instead, once.
const LISTED = "[data-cy=embeddings-runs-page] .emb-run-card";
const PATIENCE_MS = 30000;
let opened = null;

class OpenMap extends window.__foo__.Operator {
  get config() {
    return new window.__foo__.OperatorConfig({
      name: "open_map", label: "Open the map", unlisted: true, onDatasetOpen: true,
    });
  }
  useHooks() {
    const { dataset, sessionSpaces } = window.__fos__;
    const read = window.recoil.useRecoilCallback(
      ({ snapshot }) => () => [dataset, sessionSpaces].map((a) => snapshot.getLoadable(a).contents)
    );
    return { read, setPanelState: window.__fosp__.useSetPanelStateById(true) };
  }
  async execute({ hooks }) {
    const name = AA.dataset();
    const map = firstMap(hooks.read()[0]);
    if (!map || name === opened) return;
    opened = name;
    const panel = (await listed(map.openKey, name)) && panelOf(hooks.read()[1], "Embeddings");
    if (panel) hooks.setPanelState(panel, (state) => ({ ...state, ...map }));
  }
}

function firstMap(dataset) {
  const ours = dataset && dataset.info && dataset.info.audio_assets;
  const entry = ours && ours.checkpoints.find((checkpoint) => checkpoint.runs.umap);
  if (!entry) return null;
  const kind = ours.labelled === false ? entry.cluster_field : "label";
  return { openKey: entry.runs.umap, colorField: `${kind}.label` };
}

// Saved workspaces and live ones name a panel's id differently.
function panelOf(node, type) {
  if (!node) return null;
  if (node.type === type) return node.id || node.component_id;
  return (node.children || []).map((child) => panelOf(child, type)).find(Boolean) || null;
}

// Whether the list with this run came up while the data set stayed open.
async function listed(key, name) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end && AA.dataset() === name; ) {
    const cards = [...document.querySelectorAll(LISTED)];
    if (cards.some((card) => card.textContent.includes(key))) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

window.__foo__.registerOperator(OpenMap, AA.plugin);
// The first data set of a page may be open before this script is there.
window.__foo__.executeOperator(`${AA.plugin}/open_map`);
